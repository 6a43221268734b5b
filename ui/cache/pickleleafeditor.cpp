#include "cache/pickleleafeditor.h"

#include "base/error.h"
#include "cache/session.h"
#include "cache/valuetext.h"
#include "interop/pickleedit.h"
#include "widgets/controls.h"
#include "widgets/elidedlabel.h"
#include "widgets/format.h"

#include <QAction>
#include <QApplication>
#include <QKeyEvent>
#include <QVBoxLayout>

namespace llmcache::ui {

namespace {

using namespace std::chrono_literals;

/// After the last key.
constexpr std::chrono::milliseconds checkDelay = 200ms;

PickleValue valueOf(const PickleLeaf& leaf)
{
    return pickleValueAt(leaf.document, leaf.path).value_or(PickleValue());
}

/// A text may have lines, so that Enter belongs to it.
bool isText(const PickleValue& value)
{
    return value.is(PickleKind::Str);
}

/// The whole of a value for people.
QString shownText(const PickleLeaf& leaf)
{
    const PickleValue value = valueOf(leaf);
    if (value.isNull())
        return {};
    return isEditableAt(value, leaf.path) ? leafText(value)
                                          : pickleValueText(value, PickleLeafEditor::longest);
}

} // namespace

PickleLeafEditor::PickleLeafEditor(const Theme* theme, QWidget* parent)
    : QWidget(parent)
    , m_theme(theme)
    , m_job(this)
    , m_name(new ElidedLabel(this, Qt::ElideMiddle))
    , m_type(new ElidedLabel(this, Qt::ElideMiddle))
    , m_theirsLabel(makeLabel({}, Tone::Miss, TextSize::Body, QFont::DemiBold, this))
    , m_value(new ValueText(theme, tr("Value"), this))
    , m_mineLabel(makeLabel(tr("Yours, not saved"), Tone::Normal, TextSize::Body, QFont::DemiBold, this))
    , m_text(new CodeEdit(theme, Syntax::None, this))
    , m_status(makeLabel({}, Tone::Secondary, TextSize::Small, QFont::Normal, this))
    , m_edit(flatButton(tr("Edit"), this))
    , m_none(flatButton(tr("Set to None"), this))
    , m_discard(secondaryButton(tr("Discard"), this))
    , m_save(primaryButton(tr("Save"), this))
{
    makeLayout();
    m_check.setSingleShot(true);
    m_check.setInterval(checkDelay);
    connect(&m_check, &QTimer::timeout, this, &PickleLeafEditor::check);
    connect(m_text, &QTextEdit::textChanged, this, [this] {
        if (!isEditing())
            return;
        m_save->setEnabled(false); // until it is known to fit
        m_check.start();
    });
    m_text->installEventFilter(this);
    connect(m_edit, &QPushButton::clicked, this, &PickleLeafEditor::edit);
    connect(m_none, &QPushButton::clicked, this, [this] { start(true, true); });
    connect(m_discard, &QPushButton::clicked, this, &PickleLeafEditor::discard);
    connect(m_save, &QPushButton::clicked, this, &PickleLeafEditor::save);
    connect(&m_tasks, &TaskScope::activeChanged, this, &PickleLeafEditor::activeChanged);
    auto* saveAction = new QAction(this);
    saveAction->setShortcut(QKeySequence::Save);
    saveAction->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    connect(saveAction, &QAction::triggered, this, &PickleLeafEditor::save);
    addAction(saveAction);
    clear();
}

void PickleLeafEditor::makeLayout()
{
    m_name->setFont(codeFont());
    m_name->setObjectName(QStringLiteral("leafName"));
    m_type->setObjectName(QStringLiteral("leafType"));
    setTone(m_type, Tone::Secondary);
    m_theirsLabel->setObjectName(QStringLiteral("leafConflict"));
    m_value->setObjectName(QStringLiteral("leafValue"));
    m_text->setObjectName(QStringLiteral("leafEdit"));
    m_text->setAccessibleName(tr("Value, edited"));
    m_status->setObjectName(QStringLiteral("leafStatus"));
    m_edit->setObjectName(QStringLiteral("editLeaf"));
    m_none->setObjectName(QStringLiteral("clearLeaf"));
    m_none->setToolTip(tr("Store None in place of this value"));
    m_discard->setObjectName(QStringLiteral("discardLeaf"));
    m_save->setObjectName(QStringLiteral("saveLeaf"));
    m_save->setToolTip(tr("Store the pickle with this value; everything else in it, and its TTL, stay"));
    for (QLabel* label : {m_theirsLabel, m_status})
        label->setWordWrap(true);
    constexpr int leastText = 48;
    m_value->setMinimumHeight(leastText);
    m_text->setMinimumHeight(leastText);
    auto* head = new QHBoxLayout;
    head->setSpacing(8);
    head->addWidget(m_name, 3);
    head->addWidget(m_type, 2);
    m_type->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    row->addWidget(m_none);
    row->addStretch(1);
    for (Button* button : {m_edit, m_discard, m_save})
        row->addWidget(button);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(4);
    layout->addLayout(head);
    layout->addWidget(m_theirsLabel);
    layout->addWidget(m_value, 1);
    layout->addWidget(m_mineLabel);
    layout->addWidget(m_text, 1);
    layout->addWidget(m_status);
    layout->addLayout(row);
}

void PickleLeafEditor::setSession(Session* session)
{
    stopTasks();
    m_drafts.clear();
    m_session = session;
    clear();
}

void PickleLeafEditor::stopTasks()
{
    keepDraft();
    m_tasks.drop();
    m_job.cancel();
    m_saving = false;
}

void PickleLeafEditor::clear()
{
    keepDraft();
    m_leaf = {};
    setState(State::Reading);
    showValue();
}

void PickleLeafEditor::setObstacle(const QString& why)
{
    m_obstacle = why;
    setState(m_state);
}

void PickleLeafEditor::setLeaf(const PickleLeaf& leaf)
{
    const bool isSameEntry = leaf.key == m_leaf.key;
    if (isSameEntry && isEditing() && leaf.path == m_base.path) {
        m_leaf = leaf;
        if (leaf.revision != m_base.revision) {
            showConflict();
        } else if (m_state == State::Gone) { // somebody put it back
            setState(State::Editing);
            check();
        }
        return;
    }
    if (!isSameEntry) {
        keepDraft();
        m_tasks.drop();
        m_saving = false;
    }
    m_leaf = leaf;
    setState(State::Reading);
    showValue();
    resumeDraft();
}

void PickleLeafEditor::showValue()
{
    const PickleValue value = valueOf(m_leaf);
    m_name->setText(value.isNull() ? tr("No value chosen") : m_leaf.name);
    m_type->setText(value.isNull() ? QString() : pickleTypeText(value));
    m_value->setText(shownText(m_leaf));
}

void PickleLeafEditor::setGone()
{
    if (isEditing())
        setState(State::Gone);
    else
        clear();
}

bool PickleLeafEditor::isModified() const
{
    return isEditing() && m_text->text() != m_before;
}

void PickleLeafEditor::remind()
{
    say(tr("Save or discard this value first."), true);
    m_text->setFocus(Qt::OtherFocusReason);
}

void PickleLeafEditor::keepDraft()
{
    if (isModified()) // also what is being saved, which may fail
        m_drafts.insert(m_base.key, {m_base.path, m_text->text(), m_base});
}

void PickleLeafEditor::resumeDraft()
{
    const auto draft = m_drafts.constFind(m_leaf.key);
    if (draft == m_drafts.cend() || draft->path != m_leaf.path || !m_obstacle.isEmpty())
        return;
    const Draft kept = *draft;
    if (kept.text == shownText(m_leaf)) { // it was saved after all
        m_drafts.remove(m_leaf.key);
        return;
    }
    begin(kept.text, kept.base);
    if (kept.base.revision != m_leaf.revision)
        showConflict();
}

void PickleLeafEditor::edit()
{
    if (isEditing() || m_leaf.path.empty())
        return;
    if (!m_obstacle.isEmpty()) {
        say(m_obstacle, true);
        return;
    }
    if (!m_edit->isEnabled()) {
        say(m_edit->toolTip(), false);
        return;
    }
    begin(shownText(m_leaf), m_leaf);
}

void PickleLeafEditor::begin(const QString& text, const PickleLeaf& base)
{
    m_base = base;
    m_before = shownText(base);
    m_text->setText(text);
    setState(State::Editing);
    check();
    m_text->setFocus(Qt::OtherFocusReason);
    m_text->selectAll();
}

void PickleLeafEditor::setState(State state)
{
    m_state = state;
    const bool editing = isEditing();
    const bool conflict = state == State::Conflict;
    m_theirsLabel->setVisible(conflict || state == State::Gone);
    m_value->setVisible(!editing || conflict);
    m_mineLabel->setVisible(conflict);
    constexpr int height = 148;
    constexpr int bothHeight = 264;
    setMinimumHeight(conflict ? bothHeight : height);
    m_text->setVisible(editing);
    m_discard->setVisible(editing);
    m_discard->setText(conflict ? tr("Keep theirs") : tr("Discard"));
    m_save->setVisible(editing && state != State::Gone);
    m_save->setText(conflict ? tr("Save mine over it") : tr("Save"));
    m_save->setKeyHint(conflict ? QString() : tr("Ctrl S"));
    m_none->setVisible(state == State::Editing && !valueOf(m_base).is(PickleKind::None));
    m_edit->setVisible(!editing);
    const PickleValue value = valueOf(m_leaf);
    const bool isLeaf = isEditableAt(value, m_leaf.path);
    const bool isShort = !isLeaf || !value.isAtom() || value.kind() < PickleKind::Str
        || (isText(value) ? value.utf8().size() : value.bytes().size()) <= longest;
    m_edit->setEnabled(isLeaf && isShort && m_obstacle.isEmpty());
    m_edit->setToolTip(!m_obstacle.isEmpty() ? m_obstacle
            : !isLeaf                        ? tr("Choose a value without parts to edit it")
            : isShort                        ? tr("Write another value of the same type (F2)")
                      : tr("Values over %1 are not edited here").arg(format::bytes(longest)));
    setFocusProxy(editing ? static_cast<QWidget*>(m_text) : m_edit);
    if (!editing) {
        m_check.stop();
        m_job.cancel();
        m_base = {};
        say({}, false);
    }
    if (state == State::Gone)
        m_theirsLabel->setText(
            tr("This entry is gone: it expired, or somebody deleted it. Your text is still "
               "here; copy it before you discard it."));
}

void PickleLeafEditor::showConflict()
{
    setState(State::Conflict);
    const bool isThere = isEditableAt(valueOf(m_leaf), m_leaf.path);
    m_theirsLabel->setText(isThere
            ? tr("Somebody stored another pickle meanwhile. This value in it, where all else stays:")
            : tr("Somebody stored another pickle meanwhile, which has no such value:"));
    showValue();
    check();
    m_text->setFocus(Qt::OtherFocusReason);
}

void PickleLeafEditor::check()
{
    m_check.stop();
    if (isEditing() && m_state != State::Gone)
        start(false, false);
}

void PickleLeafEditor::save()
{
    if (isEditing() && m_state != State::Gone && !m_saving && (isModified() || m_state == State::Conflict)) {
        m_check.stop();
        start(false, true);
    }
}

void PickleLeafEditor::start(bool none, bool saves)
{
    const PickleLeaf leaf = target();
    // A large pickle takes its time to be written and read again.
    m_job.start(
        [leaf, none, text = m_text->text()](const std::stop_token&) {
            Outcome outcome;
            try {
                const PickleValue place = valueOf(leaf);
                if (!isEditableAt(place, leaf.path))
                    outcome.problem = tr("There is no such value any more.");
                else
                    outcome.pickle =
                        (none ? clearLeaf(leaf.document, place) : editLeaf(leaf.document, place, text))
                            .source();
            } catch (const Error& error) {
                outcome.problem = error.text();
            }
            return outcome;
        },
        [this, saves, revision = leaf.revision](const Outcome& outcome) {
            const bool fits = outcome.problem.isEmpty();
            say(fits ? QString() : outcome.problem, !fits);
            m_save->setEnabled(fits && !m_saving && (isModified() || m_state == State::Conflict));
            if (fits && saves)
                store(outcome.pickle, revision);
        });
}

void PickleLeafEditor::store(const QByteArray& pickle, qint64 revision)
{
    m_saving = true;
    m_save->setEnabled(false);
    say(tr("Saving…"), false);
    m_tasks.run(
        [session = m_session, key = m_base.key, revision, pickle](const std::stop_token&) {
            return savePickle(&session->store(), &session->undoJournal(), key, revision, pickle,
                session->config().identity.user, session->clock().nowMs());
        },
        [this](const EditResult& result) { take(result); },
        [this](const Failure& failure) {
            m_saving = false;
            say(tr("Not saved: %1 %2").arg(failure.message, failure.remedy), true);
            m_save->setEnabled(true);
        });
}

void PickleLeafEditor::take(const EditResult& result)
{
    m_saving = false;
    switch (result.outcome) {
    case ChangeOutcome::Done: {
        const QString key = m_base.key;
        m_drafts.remove(key);
        setState(State::Reading);
        Q_EMIT saved(key, result);
        Q_EMIT left();
        break;
    }
    case ChangeOutcome::Absent:
        setGone();
        break;
    case ChangeOutcome::Conflict:
        say(tr("Somebody stored another pickle meanwhile."), true);
        Q_EMIT reloadRequested(); // which shows it
        break;
    }
}

void PickleLeafEditor::discard()
{
    const bool isStale = m_state != State::Editing;
    m_drafts.remove(m_base.key);
    setState(State::Reading);
    showValue();
    if (isStale)
        Q_EMIT reloadRequested();
    Q_EMIT left();
}

bool PickleLeafEditor::eventFilter(QObject* watched, QEvent* event)
{
    if (watched != m_text || event->type() != QEvent::KeyPress || !isEditing())
        return QWidget::eventFilter(watched, event);
    const auto* const key = static_cast<QKeyEvent*>(event);
    if (key->key() == Qt::Key_Escape && !m_saving) {
        discard();
        return true;
    }
    const bool isEnter = key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter;
    if (isEnter && key->modifiers() == Qt::NoModifier && !isText(valueOf(m_base))) {
        save();
        return true;
    }
    return QWidget::eventFilter(watched, event);
}

void PickleLeafEditor::say(const QString& text, bool isProblem)
{
    m_status->setText(text);
    m_status->setVisible(!text.isEmpty());
    setTone(m_status, isProblem ? Tone::Error : Tone::Secondary);
}

} // namespace llmcache::ui
