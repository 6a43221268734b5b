#include "widgets/spinner.h"

#include "theme/theme.h"
#include "widgets/controls.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QTimer>

namespace llmcache::ui {

namespace {
constexpr int steps = 24;
} // namespace

Spinner::Spinner(const Theme* theme, QWidget* parent)
    : QWidget(parent)
    , m_theme(theme)
    , m_delay(new QTimer(this))
    , m_frames(new QTimer(this))
{
    setFixedSize(16, 16);
    m_delay->setSingleShot(true);
    m_delay->setInterval(300);
    m_frames->setInterval(40);
    connect(m_delay, &QTimer::timeout, this, [this] {
        m_turning = true;
        m_frames->start();
        setAccessibleName(tr("Working"));
        update();
    });
    connect(m_frames, &QTimer::timeout, this, [this] {
        m_step = (m_step + 1) % steps;
        update();
    });
}

void Spinner::setBusy(bool busy)
{
    if (busy) {
        if (!m_turning && !m_delay->isActive())
            m_delay->start();
        return;
    }
    m_delay->stop();
    m_frames->stop();
    m_turning = false;
    setAccessibleName({});
    update();
}

void Spinner::paintEvent(QPaintEvent*)
{
    if (!m_turning)
        return;
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF circle = QRectF(rect()).adjusted(2, 2, -2, -2);
    painter.setPen(QPen(m_theme->color(Token::Line), 2));
    painter.drawEllipse(circle);
    painter.setPen(QPen(m_theme->color(Token::Accent), 2, Qt::SolidLine, Qt::RoundCap));
    painter.drawArc(circle, -m_step * 360 * 16 / steps, 100 * 16);
}

WaitingLine::WaitingLine(const Theme* theme, const QString& what, QWidget* parent)
    : QWidget(parent)
    , m_spinner(new Spinner(theme))
{
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(4, 4, 4, 4);
    row->setSpacing(8);
    row->addWidget(m_spinner);
    row->addWidget(makeLabel(what, Tone::Secondary), 1);
    hide();
}

void WaitingLine::setWaiting(bool waiting)
{
    m_spinner->setBusy(waiting);
    setVisible(waiting);
}

} // namespace llmcache::ui
