"""Upload: how does the team submit mail that it has as files?"""

import secrets

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from backend.domain.disposition import Disposition
from backend.domain.people import Operator, Right
from backend.errors import BadInput
from backend.flow import upload as uploading
from backend.services import Services
from backend.web.languages import spoken
from backend.web.session import needs
from backend.web.spelled import visible

LONGEST_NAME = 80  # of a file, in what is said of it

pages = Blueprint("upload", __name__)


@pages.get("/upload")
@needs(Right.MAIL)
def form(_services: Services, _operator: Operator) -> ResponseReturnValue:
    """The form; its key makes the same form sent twice one upload."""
    shown = {"key": secrets.token_urlsafe(16), "choices": list(Disposition), "most": uploading.MOST_FILES}
    return render_template("upload.html", here="upload", longest=uploading.LONGEST_COMMENT, **shown)


@pages.post("/upload")
@needs(Right.MAIL)
def upload(services: Services, operator: Operator) -> ResponseReturnValue:
    """Each file becomes a submission of the team."""
    given = [file for file in request.files.getlist("files") if file.filename]
    files = [(str(file.filename), file.stream.read()) for file in given[: uploading.MOST_FILES + 1]]
    chosen, comment = request.form.get("disposition", ""), request.form.get("comment", "").replace("\0", "")
    try:
        if chosen not in list(Disposition):
            raise BadInput("Choose one of the dispositions in the list.")
        done = uploading.upload(services, operator, files, Disposition(chosen), comment, request.form.get("key", ""))
    except BadInput as refusal:
        flash(spoken(refusal), "wrong")
        return redirect(url_for("web.upload.form"), 303)
    for name, why in done.refused:
        flash(f"{visible(name[:LONGEST_NAME])}: {spoken(why)}", "wrong")
    if not done.made:
        return redirect(url_for("web.upload.form"), 303)
    count = len(done.made)
    flash(
        ngettext("%(num)s mail was submitted for the team.", "%(num)s mails were submitted for the team.", count),
        "done",
    )
    if done.refused:
        flash(_("The others were not: see above."), "wrong")
    return redirect(url_for("web.inbox.queue", tab="all", kind="team"), 303)
