#include "cache/answereditor.h"

#include "base/error.h"
#include "cache/answerview.h"
#include "cache/revisionsdialog.h"
#include "cache/session.h"
#include "store/pythonentry.h"
#include "theme/theme.h"
#include "widgets/controls.h"
#include "widgets/diffview.h"
#include "widgets/format.h"

#include <QAction>
#include <QApplication>
#include <QVBoxLayout>

namespace llmcache::ui {

namespace {

using namespace std::chrono_literals;

/// After the last key.
constexpr std::chrono::milliseconds checkDelay = 200ms;
constexpr std::chrono::milliseconds keepDelay = 1000ms;

} // namespace

AnswerEditor::AnswerEditor(const Theme* theme, QWidget* parent)
    : QWidget(parent)
    , m_theme(theme)
    , m_view(new AnswerView(theme, this))
    , m_theirsLabel(makeLabel({}, Tone::Miss, TextSize::Body, QFont::DemiBold, this))
    , m_theirs(new DiffView(theme, this))
    , m_mineLabel(makeLabel(tr("Yours, not saved"), Tone::Normal, TextSize::Body, QFont::DemiBold, this))
    , m_text(new CodeEdit(theme, Syntax::None, this))
    , m_status(makeLabel({}, Tone::Secondary, TextSize::Small, QFont::Normal, this))
    , m_revisions(flatButton(tr("Revisions"), this))
    , m_edit(flatButton(tr("Edit"), this))
    , m_discard(secondaryButton(tr("Discard"), this))
    , m_save(primaryButton(tr("Save"), this))
{
    makeLayout();
    m_check.setSingleShot(true);
    m_check.setInterval(checkDelay);
    connect(&m_check, &QTimer::timeout, this, &AnswerEditor::check);
    m_keep.setSingleShot(true);
    m_keep.setInterval(keepDelay);
    connect(&m_keep, &QTimer::timeout, this, &AnswerEditor::keepDraft);
    connect(m_text, &QTextEdit::textChanged, this, [this] {
        if (isEditing())
            m_check.start();
    });
    connect(m_edit, &QPushButton::clicked, this, &AnswerEditor::edit);
    connect(m_revisions, &QPushButton::clicked, this, &AnswerEditor::offerRevisions);
    connect(m_discard, &QPushButton::clicked, this, &AnswerEditor::discard);
    connect(m_save, &QPushButton::clicked, this, &AnswerEditor::save);
    connect(&m_tasks, &TaskScope::activeChanged, this, &AnswerEditor::activeChanged);
    connect(&m_draftTasks, &TaskScope::activeChanged, this, &AnswerEditor::activeChanged);
    auto* saveAction = new QAction(this);
    saveAction->setShortcut(QKeySequence::Save);
    saveAction->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    connect(saveAction, &QAction::triggered, this, &AnswerEditor::save);
    addAction(saveAction);
    setState(State::Reading);
}

void AnswerEditor::makeLayout()
{
    m_theirs->setObjectName(QStringLiteral("theirAnswer"));
    m_theirsLabel->setObjectName(QStringLiteral("conflict"));
    m_text->setObjectName(QStringLiteral("answerEdit"));
    m_text->setAccessibleName(tr("Answer, edited"));
    m_status->setObjectName(QStringLiteral("editStatus"));
    m_edit->setObjectName(QStringLiteral("editAnswer"));
    m_revisions->setObjectName(QStringLiteral("revisions"));
    m_revisions->setToolTip(tr("What edits of this entry replaced"));
    m_discard->setObjectName(QStringLiteral("discardEdit"));
    m_save->setObjectName(QStringLiteral("saveEdit"));
    m_save->setToolTip(tr("Store your answer in place of the one that you began with; TTL and hits stay"));
    for (QLabel* label : {m_theirsLabel, m_status})
        label->setWordWrap(true);
    for (QWidget* text : std::initializer_list<QWidget*>{m_view, m_theirs, m_text})
        text->setMinimumHeight(64);
    auto* row = new QHBoxLayout;
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(5);
    row->addWidget(m_view->chooser());
    row->addStretch(1);
    for (Button* button : {m_revisions, m_edit, m_discard, m_save})
        row->addWidget(button);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(4);
    layout->addWidget(m_view, 1);
    layout->addWidget(m_theirsLabel);
    layout->addWidget(m_theirs, 1);
    layout->addWidget(m_mineLabel);
    layout->addWidget(m_text, 1);
    layout->addWidget(m_status);
    layout->addLayout(row);
}

void AnswerEditor::setSession(Session* session)
{
    stopTasks();
    m_saving = false;
    m_session = session;
    m_fingerprint.clear();
    m_entry.reset();
    m_isSmall = false;
    m_drafts.clear();
    m_folder.reset();
    setState(State::Reading);
    if (!session || session->config().dataFolder.isEmpty())
        return;
    m_folder = std::make_shared<DraftFolder>(
        session->config().dataFolder + QStringLiteral("/drafts"), session->store().info());
    // The folder outlives its task, which may end after the editor turned to another session.
    m_draftTasks.run([folder = m_folder](const std::stop_token&) { return folder->load(); },
        [this](const std::vector<Draft>& drafts) {
            for (const Draft& draft : drafts) {
                if (!m_drafts.contains(draft.fingerprint))
                    m_drafts.insert(draft.fingerprint, draft);
            }
            resumeDraft();
        },
        [](const Failure&) { /* drafts are a convenience */ });
}

void AnswerEditor::stopTasks()
{
    keepDraft();
    m_tasks.drop();
    m_draftTasks.drop();
}

void AnswerEditor::setEntry(const Entry& entry)
{
    const QString fingerprint = entry.meta.fingerprint;
    const bool isSame = std::exchange(m_fingerprint, fingerprint) == fingerprint;
    m_isPython = entry.meta.python;
    m_isSmall = entry.meta.bytes <= largest;
    m_entry = m_isSmall && !m_isPython ? std::make_shared<const Entry>(entry) : nullptr;
    if (isEditing() && isSame) {
        if (m_entry && m_entry->meta.revision != m_base->meta.revision) {
            showConflict(m_entry);
        } else if (m_entry && m_state == State::Gone) { // somebody put it back
            setState(State::Editing);
            check();
        }
        return;
    }
    if (isSame) {
        setState(State::Reading);
        return;
    }
    keepDraft(); // also one that is being saved, which may fail
    m_tasks.drop();
    m_saving = false;
    setState(State::Reading);
    resumeDraft();
}

void AnswerEditor::resumeDraft()
{
    if (!m_entry || isEditing() || !m_obstacle.isEmpty())
        return;
    const auto draft = m_drafts.constFind(m_fingerprint);
    if (draft == m_drafts.cend())
        return;
    if (draft->text == editableAnswer(*m_entry)) { // it was saved after all
        forgetDraft(m_fingerprint);
        return;
    }
    // Of the entry that it was begun with only the revision matters: where it is another one, both versions
    // are shown.
    auto base = std::make_shared<Entry>(*m_entry);
    base->meta.revision = draft->revision;
    begin({draft->text, std::move(base)});
}

void AnswerEditor::setGone()
{
    m_entry.reset();
    m_isSmall = false;
    setState(isEditing() ? State::Gone : State::Reading);
}

void AnswerEditor::setAnswer(const QString& text, Syntax syntax, std::shared_ptr<const Json> value)
{
    m_view->setAnswer(text, syntax, std::move(value));
}

void AnswerEditor::setObstacle(const QString& why)
{
    m_obstacle = why;
    setState(m_state);
}

bool AnswerEditor::isModified() const
{
    return isEditing() && m_text->text() != editableAnswer(*m_base);
}

void AnswerEditor::edit()
{
    if (m_entry && !isEditing() && m_obstacle.isEmpty())
        begin({editableAnswer(*m_entry), m_entry});
}

void AnswerEditor::begin(const Edit& edit)
{
    m_base = edit.base;
    m_text->setSyntax(m_base->output.is_string() ? Syntax::None : Syntax::Json);
    m_text->setText(edit.text);
    setState(State::Editing);
    check();
    m_text->setFocus(Qt::OtherFocusReason);
    if (m_entry && m_entry->meta.revision != m_base->meta.revision)
        showConflict(m_entry);
}

void AnswerEditor::keepDraft()
{
    if (!isEditing() || !m_base)
        return;
    if (!isModified()) {
        forgetDraft(m_base->meta.fingerprint);
        return;
    }
    const Draft draft{m_base->meta.fingerprint, m_base->meta.revision, m_text->text()};
    m_drafts.insert(draft.fingerprint, draft);
    if (m_folder)
        m_folder->save(draft);
}

void AnswerEditor::forgetDraft(const QString& fingerprint)
{
    if (m_drafts.remove(fingerprint) > 0 && m_folder)
        m_folder->remove(fingerprint);
}

void AnswerEditor::setState(State state)
{
    const bool wasEditing = isEditing();
    m_state = state;
    const bool editing = isEditing();
    const bool conflict = state == State::Conflict;
    m_view->setVisible(!editing);
    m_view->chooser()->setVisible(!editing);
    m_theirsLabel->setVisible(conflict || state == State::Gone);
    m_theirs->setVisible(conflict);
    m_mineLabel->setVisible(conflict);
    m_text->setVisible(editing);
    setFocusProxy(editing ? static_cast<QWidget*>(m_text) : m_view);
    m_revisions->setVisible(!editing);
    m_revisions->setEnabled(m_isSmall);
    m_edit->setVisible(!editing);
    m_edit->setEnabled(m_entry && m_obstacle.isEmpty());
    m_edit->setToolTip(!m_obstacle.isEmpty() ? m_obstacle
            : m_entry                        ? tr("Write another answer; it is marked as a human's")
            : m_isPython ? tr("The values of what a Python program stored are edited under Pickle.")
                         : tr("Entries over %1 are not edited here; \"llmcache entries edit\" opens them "
                              "in an editor of your own.")
                               .arg(format::bytes(largest)));
    m_discard->setVisible(editing);
    m_discard->setText(conflict ? tr("Keep theirs") : tr("Discard"));
    m_save->setVisible(editing && state != State::Gone);
    m_save->setText(conflict ? tr("Save mine over it") : tr("Save"));
    m_save->setKeyHint(conflict ? QString() : tr("Ctrl S"));
    if (!editing) {
        m_check.stop();
        m_keep.stop();
        m_base.reset();
        say({}, false);
    }
    if (editing != wasEditing)
        Q_EMIT editingChanged(editing);
    if (state == State::Gone)
        m_theirsLabel->setText(
            tr("This entry is gone: it expired, or somebody deleted it. Your text is still "
               "here; copy it before you discard it."));
}

void AnswerEditor::check()
{
    m_check.stop();
    if (m_state == State::Conflict) {
        // Both whole texts with their differences marked; entries that can be edited are small enough for it.
        std::vector<DiffSection> sections;
        addTextSection(sections, tr("Answer"), editableAnswer(*m_entry), m_text->text());
        m_theirs->setSections(std::move(sections));
    }
    bool fits = false;
    try {
        withOutput(*m_base, answerFrom(m_text->text(), *m_base), QString());
        fits = true;
        say(m_base->output.is_string() ? QString() : tr("Fits the schema"), false);
    } catch (const Error& error) {
        say(error.message(), true);
    }
    m_save->setEnabled(fits && !m_saving && (isModified() || m_state == State::Conflict));
    m_keep.start();
}

void AnswerEditor::save()
{
    if (!isEditing() || m_state == State::Gone || m_saving)
        return;
    check();
    if (!m_save->isEnabled())
        return;
    // In a conflict the user has seen what the other one stored, and this goes over just that.
    const Entry& base = m_state == State::Conflict ? *m_entry : *m_base;
    saveEntry(withOutput(base, answerFrom(m_text->text(), *m_base), m_session->config().identity.user));
}

void AnswerEditor::saveEntry(Entry entry)
{
    const QString fingerprint = entry.meta.fingerprint;
    startSaving(fingerprint, [entry = std::move(entry)](Session* session) {
        return saveEdit(&session->store(), &session->undoJournal(), entry, session->config().identity.user,
            session->clock().nowMs());
    });
}

void AnswerEditor::startSaving(
    const QString& fingerprint, const std::function<QCoro::Task<EditResult>(Session*)>& saving)
{
    m_saving = true;
    m_save->setEnabled(false); // before: the answer may come at once
    say(tr("Saving…"), false);
    m_tasks.run([session = m_session, saving](const std::stop_token&) { return saving(session); },
        [this, fingerprint](const EditResult& result) { take(result, fingerprint); },
        [this](const Failure& failure) {
            m_saving = false;
            say(tr("Not saved: %1 %2").arg(failure.message, failure.remedy), true);
            m_save->setEnabled(true);
        });
}

void AnswerEditor::take(const EditResult& result, const QString& fingerprint)
{
    m_saving = false;
    switch (result.outcome) {
    case ChangeOutcome::Done:
        if (isEditing())
            m_view->setAnswer(
                m_text->text(), m_base->output.is_string() ? Syntax::None : Syntax::Json, nullptr);
        forgetDraft(fingerprint);
        setState(State::Reading);
        Q_EMIT saved(fingerprint, result);
        break;
    case ChangeOutcome::Absent:
        setGone();
        if (!isEditing())
            Q_EMIT reloadRequested();
        break;
    case ChangeOutcome::Conflict:
        if (isEditing() && result.theirs)
            showConflict(std::make_shared<const Entry>(*result.theirs));
        else
            Q_EMIT reloadRequested();
        break;
    }
}

void AnswerEditor::showConflict(std::shared_ptr<const Entry> theirs)
{
    m_entry = std::move(theirs);
    const EntryMeta& meta = m_entry->meta;
    m_theirsLabel->setText(meta.author.isEmpty()
            ? tr("Somebody stored revision %1 meanwhile:").arg(meta.revision)
            : tr("%1 stored revision %2 meanwhile:").arg(meta.author).arg(meta.revision));
    m_theirs->setSides(
        meta.author.isEmpty() ? tr("stored") : tr("stored by %1").arg(meta.author), tr("yours"));
    setState(State::Conflict);
    check();
    if (m_save->hasFocus() || !isAncestorOf(QApplication::focusWidget()))
        m_text->setFocus(Qt::OtherFocusReason);
}

void AnswerEditor::discard()
{
    const bool isStale = m_state != State::Editing;
    forgetDraft(m_fingerprint);
    setState(State::Reading);
    if (isStale)
        Q_EMIT reloadRequested();
    setFocus(Qt::OtherFocusReason);
}

void AnswerEditor::offerRevisions()
{
    if (m_saving)
        return;
    if (!m_isSmall) {
        say(tr("Entries over %1 are not compared with their revisions here.").arg(format::bytes(largest)),
            false);
        return;
    }
    m_tasks.run([store = &m_session->store(), fingerprint = m_fingerprint](
                    const std::stop_token&) { return readRevisions(store, fingerprint); },
        [this, fingerprint = m_fingerprint](const EntryRevisions& revisions) {
            if (fingerprint == m_fingerprint && !isEditing())
                showRevisions(revisions);
        },
        [this](const Failure& failure) {
            say(tr("The revisions could not be read: %1").arg(failure.message), true);
        });
}

void AnswerEditor::showRevisions(const EntryRevisions& revisions)
{
    std::optional<Revision> present = revisions.present ? revisionFrom(*revisions.present) : std::nullopt;
    if (!present) {
        Q_EMIT reloadRequested(); // which says what is wrong
        return;
    }
    std::vector<Revision> earlier;
    for (const EntryImage& image : revisions.earlier) {
        if (std::optional<Revision> revision = revisionFrom(image))
            earlier.push_back(std::move(*revision));
    }
    if (earlier.empty()) {
        say(tr("No edit has replaced anything yet"), false);
        return;
    }
    const EntryMeta now = present->entry.meta;
    auto* const dialog =
        new RevisionsDialog(m_theme, std::move(*present), std::move(earlier), m_obstacle, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &RevisionsDialog::restoreRequested, this,
        [this, now](const EntryImage& revision) { restore(revision, now); });
    dialog->open();
}

void AnswerEditor::restore(const EntryImage& revision, const EntryMeta& now)
{
    if (!isPythonImage(revision)) {
        saveEntry(asRevisionOf(entryFromImage(revision), now));
        return;
    }
    startSaving(now.fingerprint,
        [key = now.fingerprint, number = now.revision, pickle = revision.fields.value(pickleField)](
            Session* session) {
            return savePickle(&session->store(), &session->undoJournal(), key, number, pickle,
                session->config().identity.user, session->clock().nowMs());
        });
}

void AnswerEditor::say(const QString& text, bool isProblem)
{
    m_status->setText(text);
    m_status->setVisible(!text.isEmpty());
    setTone(m_status, isProblem ? Tone::Error : Tone::Secondary);
}

} // namespace llmcache::ui
