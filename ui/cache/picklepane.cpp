#include "cache/picklepane.h"

#include "cache/pickleleafeditor.h"
#include "cache/session.h"
#include "interop/picklereader.h"
#include "store/pythonentry.h"
#include "theme/theme.h"
#include "widgets/controls.h"
#include "widgets/errorbanner.h"
#include "widgets/format.h"
#include "widgets/hexview.h"

#include <QAction>
#include <QClipboard>
#include <QGuiApplication>
#include <QHeaderView>
#include <QScrollBar>
#include <QSplitter>
#include <QStackedWidget>
#include <QStyledItemDelegate>
#include <QTreeView>
#include <QVBoxLayout>

namespace llmcache::ui {

namespace {

/// Of the row of the answer in a CachedResult, for what is open at first.
const QString answerName = QStringLiteral("output");

/// The class is at the end of its path.
class TypeDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

protected:
    void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override
    {
        QStyledItemDelegate::initStyleOption(option, index);
        option->textElideMode = Qt::ElideMiddle;
    }
};

} // namespace

PicklePane::PicklePane(const Theme* theme, QWidget* parent)
    : QWidget(parent)
    , m_theme(theme)
    , m_job(this)
    , m_model(new PickleTreeModel(theme, this))
    , m_summary(makeLabel({}, Tone::Secondary, TextSize::Small, QFont::Normal, this))
    , m_revisions(flatButton(tr("Revisions"), this))
    , m_problem(new ErrorBanner(theme, this))
    , m_pages(new QStackedWidget(this))
    , m_hex(new HexView(theme, m_pages))
{
    m_summary->setObjectName(QStringLiteral("pickleSummary"));
    m_summary->setWordWrap(true);
    m_problem->setObjectName(QStringLiteral("pickleProblem"));
    m_problem->setDismissable(false);
    m_hex->setObjectName(QStringLiteral("pickleHex"));
    m_hex->setAccessibleName(tr("Bytes of the pickle in hexadecimal"));
    m_pages->addWidget(makeTreePage());
    m_pages->addWidget(m_hex);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 8, 0, 0);
    layout->setSpacing(8);
    auto* head = new QHBoxLayout;
    head->setSpacing(8);
    head->addWidget(m_summary, 1);
    head->addWidget(m_revisions, 0, Qt::AlignTop);
    layout->addLayout(head);
    layout->addWidget(m_problem);
    layout->addWidget(m_pages, 1);
    setFocusProxy(m_tree);

    m_revisions->setObjectName(QStringLiteral("pickleRevisions"));
    m_revisions->setToolTip(tr("What edits of this entry replaced"));
    m_revisions->hide();
    connect(m_revisions, &QPushButton::clicked, this, &PicklePane::revisionsRequested);
    connect(m_problem, &ErrorBanner::actionTriggered, this, &PicklePane::read);
    connect(m_editor, &PickleLeafEditor::saved, this, [this](const QString& key, const EditResult& result) {
        Q_EMIT saved(key, result);
        if (key == m_key)
            read();
    });
    connect(m_editor, &PickleLeafEditor::reloadRequested, this, &PicklePane::read);
    connect(m_editor, &PickleLeafEditor::left, this, [this] { m_tree->setFocus(Qt::OtherFocusReason); });
    connect(m_editor, &PickleLeafEditor::activeChanged, this, &PicklePane::activeChanged);
    connect(&m_tasks, &TaskScope::activeChanged, this, &PicklePane::activeChanged);
}

PicklePane::~PicklePane() = default;

QWidget* PicklePane::makeTreePage()
{
    auto* const splitter = new QSplitter(Qt::Vertical, m_pages);
    splitter->setChildrenCollapsible(false);
    m_tree = new QTreeView(splitter);
    m_tree->setObjectName(QStringLiteral("pickleTree"));
    m_tree->setAccessibleName(tr("Values in the pickle"));
    m_tree->setModel(m_model);
    m_tree->setFont(codeFont());
    m_tree->setUniformRowHeights(true);
    m_tree->setTabKeyNavigation(false);
    m_tree->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_tree->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_tree->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_tree->setEditTriggers(QAbstractItemView::NoEditTriggers); // the value has an editor of its own below
    m_tree->setIndentation(12);
    m_tree->setContextMenuPolicy(Qt::ActionsContextMenu);
    m_tree->header()->setStretchLastSection(true);
    m_tree->header()->setFont(textFont(TextSize::Small));
    m_tree->setItemDelegateForColumn(PickleTreeModel::Type, new TypeDelegate(m_tree));
    constexpr int nameWidth = 156;
    constexpr int valueWidth = 136;
    m_tree->setColumnWidth(PickleTreeModel::Name, nameWidth);
    m_tree->setColumnWidth(PickleTreeModel::Value, valueWidth);
    m_editor = new PickleLeafEditor(m_theme, splitter);
    constexpr int treeShare = 3;
    splitter->addWidget(m_tree);
    splitter->addWidget(m_editor);
    splitter->setStretchFactor(0, treeShare);
    splitter->setStretchFactor(1, 1);

    auto* editAction = new QAction(tr("Edit value"), m_tree);
    editAction->setShortcut(QKeySequence(Qt::Key_F2));
    editAction->setShortcutContext(Qt::WidgetShortcut);
    connect(editAction, &QAction::triggered, m_editor, &PickleLeafEditor::edit);
    m_tree->addAction(editAction);
    auto* copyAction = new QAction(tr("Copy value"), m_tree);
    copyAction->setShortcut(QKeySequence::Copy);
    copyAction->setShortcutContext(Qt::WidgetShortcut);
    connect(copyAction, &QAction::triggered, this, [this] {
        const QModelIndex index = m_tree->currentIndex().siblingAtColumn(PickleTreeModel::Value);
        if (index.isValid())
            QGuiApplication::clipboard()->setText(
                pickleValueText(m_model->valueOf(index), PickleLeafEditor::longest));
    });
    m_tree->addAction(copyAction);
    const auto editLeaf = [this](const QModelIndex& index) {
        if (!m_model->hasChildren(index.siblingAtColumn(0)))
            m_editor->edit();
    };
    // Not every style activates with a double click.
    connect(m_tree, &QTreeView::activated, this, editLeaf);
    connect(m_tree, &QTreeView::doubleClicked, this, editLeaf);
    connect(m_tree->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &PicklePane::choose);
    return splitter;
}

void PicklePane::setSession(Session* session)
{
    m_editor->setSession(session);
    m_session = session;
    clear();
}

void PicklePane::clear()
{
    m_tasks.drop();
    m_job.cancel();
    m_key.clear();
    m_revision = 0;
    m_editor->clear();
    m_model->setDocument({});
    m_hex->setBytes({});
    m_problem->clear();
    m_summary->clear();
    m_pages->setCurrentIndex(TreePage);
}

void PicklePane::setHasRevisions(bool has)
{
    m_revisions->setVisible(has);
}

void PicklePane::setGone()
{
    m_revision = 0;
    m_editor->setGone();
}

bool PicklePane::isEditing() const
{
    return m_editor->isEditing();
}

void PicklePane::stopTasks()
{
    m_tasks.drop();
    m_job.cancel();
    m_editor->stopTasks();
}

int PicklePane::activeTasks() const
{
    return m_tasks.active() + m_editor->activeTasks();
}

void PicklePane::setObstacle(const QString& why)
{
    m_editor->setObstacle(why);
}

void PicklePane::show(const QString& key, qint64 revision)
{
    if (!m_session || (key == m_key && revision != 0 && revision == m_revision))
        return;
    if (key != m_key)
        clear();
    m_key = key;
    read();
}

void PicklePane::read()
{
    if (!m_session || m_key.isEmpty())
        return;
    m_tasks.drop();
    m_job.cancel();
    m_tasks.run([store = &m_session->store(), key = m_key](
                    const std::stop_token&) { return store->readImages({key}); },
        [this](const std::vector<EntryImage>& images) {
            if (images.empty()) {
                setGone();
                return;
            }
            const EntryImage& image = images.front();
            m_job.start(
                [bytes = image.fields.value(pickleField)](const std::stop_token&) { return readFrom(bytes); },
                [this, revision = image.revision()](const Read& read) {
                    m_revision = revision;
                    take(read);
                });
        },
        [this](const Failure& failure) {
            m_problem->showProblem(failure.message, failure.remedy, tr("Retry"));
        });
}

PicklePane::Read PicklePane::readFrom(const QByteArray& bytes)
{
    Read read;
    read.bytes = bytes;
    try {
        read.document = readPickle(bytes);
        read.imports = read.document.imports();
        read.summary = tr("%1 · protocol %2 · Python would import %3; nothing is imported here")
                           .arg(format::bytes(bytes.size()))
                           .arg(read.document.protocol())
                           .arg(format::counted(read.imports.size(), tr("name"), tr("names")));
    } catch (const PickleError& error) {
        read.problem = error.message();
        read.remedy = error.remedy();
        read.problemAt = error.offset();
    }
    return read;
}

void PicklePane::take(const Read& read)
{
    if (!read.problem.isEmpty()) {
        m_editor->setGone();
        m_model->setDocument({});
        m_summary->clear();
        m_problem->showProblem(read.problem, read.remedy);
        m_hex->setBytes(read.bytes);
        m_hex->verticalScrollBar()->setValue(static_cast<int>(read.problemAt / 16));
        m_pages->setCurrentIndex(BytesPage);
        return;
    }
    m_problem->clear();
    m_summary->setText(read.summary);
    m_summary->setToolTip(read.imports.join(QLatin1Char('\n')).toHtmlEscaped());
    m_hex->setBytes({});
    m_pages->setCurrentIndex(TreePage);
    const PicklePath before = m_model->pathOf(m_tree->currentIndex());
    const bool isFirst = m_model->document().isNull();
    m_model->setDocument(read.document);
    if (isFirst)
        open();
    PicklePath path = m_editor->draftPath(m_key);
    if (path.empty() && m_editor->isEditing())
        path = m_editor->leaf().path;
    if (path.empty())
        path = before;
    if (const QModelIndex index = m_model->indexOf(path); index.isValid())
        m_tree->setCurrentIndex(index);
    else if (!m_tree->currentIndex().isValid())
        m_tree->setCurrentIndex(m_model->index(0, PickleTreeModel::Name));
    // Where nothing else became current, it is the same place in other bytes.
    PickleLeaf leaf = leafAt(m_tree->currentIndex());
    if (m_editor->isEditing() && leaf.path != m_editor->leaf().path) {
        leaf.path = m_editor->leaf().path; // it is not there any more
        leaf.name = m_editor->leaf().name;
    }
    m_editor->setLeaf(leaf);
}

/// The answer is what people look for.
void PicklePane::open()
{
    const QModelIndex top = m_model->index(0, PickleTreeModel::Name);
    m_model->fetchMore(top); // a tree that is not in sight yet would wait with that
    m_tree->expand(top);
    for (int row = 0; row < m_model->rowCount(top); ++row) {
        const QModelIndex index = m_model->index(row, PickleTreeModel::Name, top);
        if (index.data().toString() != answerName)
            continue;
        m_tree->setCurrentIndex(index);
        m_tree->expand(index);
    }
}

void PicklePane::choose(const QModelIndex& current)
{
    const PickleLeaf leaf = leafAt(current);
    if (leaf.path.empty())
        return;
    if (m_editor->isModified() && leaf.key == m_editor->leaf().key && leaf.path != m_editor->leaf().path) {
        const QModelIndex edited = m_model->indexOf(m_editor->leaf().path);
        // Not from within the change of the current row.
        QMetaObject::invokeMethod(
            this,
            [this, edited = QPersistentModelIndex(edited)] {
                if (edited.isValid())
                    m_tree->setCurrentIndex(edited);
                m_editor->remind();
            },
            Qt::QueuedConnection);
        return;
    }
    m_editor->setLeaf(leaf);
}

PickleLeaf PicklePane::leafAt(const QModelIndex& index) const
{
    return {m_key, m_revision, m_model->document(), m_model->pathOf(index.siblingAtColumn(0)),
        m_model->nameOf(index)};
}

} // namespace llmcache::ui
