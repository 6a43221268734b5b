#include "workbench/agentpanel.h"

#include "theme/theme.h"
#include "widgets/controls.h"
#include "widgets/searchfield.h"
#include "widgets/spinner.h"

#include <QAction>
#include <QHBoxLayout>
#include <QLabel>
#include <QListView>
#include <QMenu>
#include <QSortFilterProxyModel>
#include <QVBoxLayout>

namespace llmcache::ui {

AgentPanel::AgentPanel(const Theme* theme, QWidget* parent)
    : QFrame(parent)
    , m_model(new AgentListModel(this))
    , m_proxy(new QSortFilterProxyModel(this))
    , m_filter(new SearchField(theme, tr("Filter agents")))
    , m_view(new QListView)
    , m_reading(new WaitingLine(theme, tr("reading the agents")))
    , m_away(makeLabel(tr("Samples. The agents of the workspace come once its store can be reached."),
          Tone::Secondary, TextSize::Small))
{
    setStyleProperty(this, "surface", QStringLiteral("panel"));
    setMinimumWidth(180);
    m_proxy->setSourceModel(m_model);
    m_proxy->setFilterCaseSensitivity(Qt::CaseInsensitive);
    m_proxy->setFilterRole(Qt::ToolTipRole); // name, model and tags
    m_view->setModel(m_proxy);
    m_view->setItemDelegate(new AgentDelegate(theme, m_view));
    m_view->setFrameShape(QFrame::NoFrame);
    m_view->setMouseTracking(true);
    m_view->setSpacing(0);
    m_view->setUniformItemSizes(true);
    m_view->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_view->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_view->setContextMenuPolicy(Qt::CustomContextMenu);
    m_view->setObjectName(QStringLiteral("agents"));
    m_view->setAccessibleName(tr("Agents"));
    m_filter->setObjectName(QStringLiteral("agent filter"));

    auto* add = secondaryButton(tr("New agent"));
    add->setObjectName(QStringLiteral("new agent"));
    add->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(12, 12, 12, 12);
    column->setSpacing(8);
    column->addWidget(m_filter);
    m_reading->setObjectName(QStringLiteral("agents reading"));
    column->addWidget(m_reading);
    m_away->setObjectName(QStringLiteral("agents away"));
    m_away->setWordWrap(true);
    m_away->hide();
    column->addWidget(m_away);
    column->addWidget(m_view, 1);
    auto* import = secondaryButton(tr("Import"));
    import->setObjectName(QStringLiteral("import agent"));
    import->setToolTip(tr("Open an agent from an .agent.json file"));
    auto* bottom = new QHBoxLayout;
    bottom->setSpacing(8);
    bottom->addWidget(add, 1);
    bottom->addWidget(import);
    column->addLayout(bottom);

    connect(import, &QPushButton::clicked, this, &AgentPanel::importRequested);
    connect(m_filter, &QLineEdit::textChanged, m_proxy, &QSortFilterProxyModel::setFilterFixedString);
    connect(add, &QPushButton::clicked, this, &AgentPanel::newRequested);
    connect(m_view, &QWidget::customContextMenuRequested, this, &AgentPanel::showMenu);
    connect(m_view->selectionModel(), &QItemSelectionModel::currentChanged, this,
        [this](const QModelIndex& current) {
            if (!m_selecting && current.isValid())
                Q_EMIT chosen(current.data().toString());
        });
    auto* remove = new QAction(this);
    remove->setShortcut(QKeySequence::Delete);
    remove->setShortcutContext(Qt::WidgetShortcut);
    m_view->addAction(remove);
    connect(remove, &QAction::triggered, this, [this] {
        if (!currentName().isEmpty())
            Q_EMIT deleteRequested(currentName());
    });
}

QString AgentPanel::currentName() const
{
    return m_view->currentIndex().data().toString();
}

void AgentPanel::setReading(bool on)
{
    m_reading->setWaiting(on);
}

void AgentPanel::setAway(bool on)
{
    m_away->setVisible(on);
}

void AgentPanel::select(const QString& name)
{
    m_selecting = true;
    const int row = m_model->rowOf(name);
    m_view->setCurrentIndex(row < 0 ? QModelIndex() : m_proxy->mapFromSource(m_model->index(row)));
    if (row < 0)
        m_view->clearSelection();
    m_selecting = false;
}

void AgentPanel::showMenu(const QPoint& position)
{
    const QModelIndex index = m_view->indexAt(position);
    if (!index.isValid())
        return;
    const QString name = index.data().toString();
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->addAction(tr("Duplicate"), this, [this, name] { Q_EMIT duplicateRequested(name); });
    menu->addAction(tr("Versions…"), this, [this, name] { Q_EMIT versionsRequested(name); });
    menu->addAction(tr("Export…"), this, [this, name] { Q_EMIT exportRequested(name); });
    menu->addSeparator();
    menu->addAction(tr("Delete"), this, [this, name] { Q_EMIT deleteRequested(name); });
    menu->popup(m_view->viewport()->mapToGlobal(position));
}

} // namespace llmcache::ui
