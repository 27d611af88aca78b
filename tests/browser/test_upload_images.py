"""A learner uploads pictures of two classes in JupyterLab and reads them in the next cell."""

import io

import numpy as np
from PIL import Image
from playwright.sync_api import expect

MAKE = "from tlwidgets import UploadImages, read_images\nupload = UploadImages()\nupload"
READ = "read_images(upload.folder, 32)"


def png(name, seed, size_px=40):
    file = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (size_px, size_px, 3), np.uint8)
    Image.fromarray(pixels).save(file, "png")
    return {"name": name, "mimeType": "image/png", "buffer": file.getvalue()}


def upload(notebook, class_name, files):
    outputs = notebook.outputs
    outputs.get_by_label("Class").fill(class_name)
    with notebook.page.expect_file_chooser() as chooser:
        outputs.get_by_role("button", name="Choose pictures").click()
    chooser.value.set_files(files)
    expect(outputs.get_by_role("button", name=f"Choose pictures ({len(files)})")).to_be_visible()
    outputs.get_by_role("button", name="Add").click()


def test_uploaded_pictures_are_read_and_a_broken_one_is_explained(notebook, write_notebook):
    notebook.open(write_notebook("upload.ipynb", MAKE, READ))
    notebook.run_cell(0)
    status = notebook.outputs.get_by_role("status")
    broken = {"name": "<i>3</i>.png", "mimeType": "image/png", "buffer": b"a text"}
    upload(notebook, "", [png("1.png", 1)])
    expect(status).to_contain_text("type the name of the class first; your pictures stay chosen")
    upload(notebook, "cat", [png("1.png", 1), png("2.png", 2), broken])
    expect(status).to_contain_text("Added: 2 taken, 1 skipped.")
    row = notebook.outputs.get_by_role("row", name="<i>3</i>.png")
    expect(row).to_contain_text("not a picture, whatever its name says")
    # 12 MB each: Jupyter's server would close the connection over either in one message.
    upload(notebook, "dog", [png("1.png", 3, 2000), png("2.png", 4, 2000)])
    expect(status).to_contain_text("Added: 2 taken, 0 skipped.")
    notebook.run_cell(1)
    sentence = "OwnImages(4 images of 32 x 32 pixels: 2 cat, 2 dog)"
    expect(notebook.outputs.get_by_text(sentence)).to_be_visible()
    assert notebook.errors() == []
