#include "shell/connectionbutton.h"

#include "connections/connectioncolour.h"
#include "theme/theme.h"

#include <QMenu>
#include <QPainter>

namespace llmcache::ui {

namespace {

constexpr int edgeWidth = 3;
constexpr int mostNameWidth = 260;

QString nameOf(const ConnectionLook& look)
{
    return look.name.isEmpty() ? QObject::tr("Embedded file") : look.name;
}

} // namespace

ConnectionButton::ConnectionButton(const Theme* theme, QWidget* parent)
    : QPushButton(parent)
    , m_theme(theme)
{
    setObjectName(QStringLiteral("connection"));
    setFocusPolicy(Qt::TabFocus);
    setMenu(new QMenu(this));
    connect(theme, &Theme::changed, this, [this] {
        updateText();
        buildMenu();
    });
    updateText();
    buildMenu();
}

void ConnectionButton::setLook(const ConnectionLook& look)
{
    m_look = look;
    updateText();
    buildMenu();
}

void ConnectionButton::setItems(const QList<ConnectionItem>& items)
{
    m_items = items;
    buildMenu();
}

void ConnectionButton::updateText()
{
    const QString words = m_look.workspace.isEmpty()
        ? nameOf(m_look)
        : QStringLiteral("%1 · %2").arg(nameOf(m_look), m_look.workspace);
    setText(fontMetrics().elidedText(
        QString(words).replace(u'&', QStringLiteral("&&")), Qt::ElideMiddle, mostNameWidth));
    setIcon(connectionDot(*m_theme, m_look.colour));
    QStringList lines{words, m_look.store};
    if (!m_look.source.isEmpty())
        lines.append(m_look.source);
    lines.removeAll(QString());
    setToolTip(lines.join(u'\n'));
    setAccessibleName(tr("Connection and workspace: %1").arg(words));
}

void ConnectionButton::buildMenu()
{
    QMenu* all = menu();
    all->clear();
    auto* others = new QMenu(tr("Open in another window"), all);
    for (const ConnectionItem& item : std::as_const(m_items)) {
        const QIcon dot = connectionDot(*m_theme, item.colour);
        const QString name = QString(item.name).replace(u'&', QStringLiteral("&&"));
        QAction* action = all->addAction(dot, name);
        action->setToolTip(item.detail);
        action->setCheckable(true);
        action->setChecked(item.id == m_look.id && (!item.id.isEmpty() || m_look.name.isEmpty()));
        connect(action, &QAction::triggered, this, [this, id = item.id] {
            buildMenu(); // the mark stays where it is until the other one is open
            Q_EMIT chosen(id, false);
        });
        connect(others->addAction(dot, name), &QAction::triggered, this,
            [this, id = item.id] { Q_EMIT chosen(id, true); });
    }
    all->setToolTipsVisible(true);
    all->addSeparator();
    all->addMenu(others);
    connect(all->addAction(tr("Another workspace of this store…")), &QAction::triggered, this,
        &ConnectionButton::workspaceRequested);
    all->addSeparator();
    connect(
        all->addAction(tr("Add a connection…")), &QAction::triggered, this, &ConnectionButton::addRequested);
    connect(all->addAction(tr("Manage connections…")), &QAction::triggered, this,
        &ConnectionButton::manageRequested);
    if (m_look.isSample) {
        all->addSeparator();
        connect(all->addAction(tr("Remove the sample")), &QAction::triggered, this,
            &ConnectionButton::sampleRemovalRequested);
    }
}

ProductionEdge::ProductionEdge(const Theme* theme, QWidget* parent)
    : QWidget(parent)
    , m_theme(theme)
{
    setFixedHeight(edgeWidth);
    hide();
    connect(theme, &Theme::changed, this, qOverload<>(&QWidget::update));
}

void ProductionEdge::setLook(const ConnectionLook& look)
{
    m_colour = look.colour;
    setVisible(look.production);
    setAccessibleName(look.production ? tr("Production: %1").arg(look.name) : QString());
    update();
}

void ProductionEdge::paintEvent(QPaintEvent*)
{
    QPainter(this).fillRect(rect(), m_theme->color(connectionToken(m_colour)));
}

} // namespace llmcache::ui
