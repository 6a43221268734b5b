#include "costs/rangepicker.h"

#include "costs/choicepopup.h"
#include "theme/theme.h"
#include "widgets/controls.h"

#include <QDateEdit>
#include <QDateTime>
#include <QHBoxLayout>
#include <QMenu>
#include <QTimeZone>
#include <QVBoxLayout>

namespace llmcache::ui {

namespace {

QString offsetText(const QTimeZone& zone)
{
    constexpr int minute = 60;
    const int minutes = zone.offsetFromUtc(QDateTime::currentDateTimeUtc()) / minute;
    return QStringLiteral("UTC%1%2:%3")
        .arg(minutes < 0 ? QStringLiteral("−") : QStringLiteral("+"))
        .arg(std::abs(minutes) / minute)
        .arg(std::abs(minutes) % minute, 2, 10, QLatin1Char('0'));
}

QString shortCompareText()
{
    return RangePicker::tr("vs. before");
}

} // namespace

RangePicker::RangePicker(const Theme* theme, QWidget* parent)
    : QWidget(parent)
    , m_theme(theme)
    , m_range(secondaryButton({}))
    , m_compare(secondaryButton({}))
    , m_zone(secondaryButton({}))
    , m_custom(new QFrame(this, Qt::Popup))
    , m_from(new QDateEdit)
    , m_to(new QDateEdit)
    , m_zones(new ChoicePopup(theme, tr("Find a time zone"), false, this))
{
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(8);
    row->addWidget(m_range);
    row->addWidget(m_compare);
    row->addWidget(m_zone);

    auto* menu = new QMenu(m_range);
    for (const CostsRange range : namedRanges)
        menu->addAction(rangeName(range), this, [this, range] { Q_EMIT rangeChosen(range); });
    menu->addSeparator();
    menu->addAction(tr("Custom…"), this, &RangePicker::openCustom);
    m_range->setMenu(menu);
    m_range->setObjectName(QStringLiteral("range"));
    m_range->setAccessibleName(tr("Range"));
    m_compare->setCheckable(true);
    m_compare->setObjectName(QStringLiteral("compare"));
    m_compare->setToolTip(tr("Changes and a dashed line show the time before"));
    connect(m_compare, &QPushButton::toggled, this, &RangePicker::compareToggled);
    m_zone->setObjectName(QStringLiteral("time zone"));
    m_zone->setAccessibleName(tr("Time zone"));
    m_zone->setToolTip(tr("Days and hours are cut in this time zone"));
    connect(m_zone, &QPushButton::clicked, this, &RangePicker::openZones);
    m_zones->setObjectName(QStringLiteral("time zones"));
    connect(m_zones, &ChoicePopup::chosen, this,
        [this](const QString& id) { Q_EMIT timeZoneChosen(id.toLatin1()); });
    createCustom();
}

void RangePicker::createCustom()
{
    m_custom->setProperty("surface", QStringLiteral("panel"));
    m_custom->setFrameShape(QFrame::StyledPanel);
    m_custom->setObjectName(QStringLiteral("custom range"));
    for (QDateEdit* edit : {m_from, m_to}) {
        edit->setCalendarPopup(true);
        edit->setDisplayFormat(QStringLiteral("d MMM yyyy"));
        edit->setLocale(QLocale(QLocale::English));
        edit->setMinimumWidth(128);
    }
    m_from->setObjectName(QStringLiteral("from"));
    m_to->setObjectName(QStringLiteral("to"));
    auto* apply = primaryButton(tr("Show"));
    apply->setObjectName(QStringLiteral("show range"));
    auto* column = new QVBoxLayout(m_custom);
    column->setContentsMargins(12, 12, 12, 12);
    column->setSpacing(4);
    column->addWidget(fieldLabel(tr("First day"), m_from));
    column->addWidget(m_from);
    column->addSpacing(4);
    column->addWidget(fieldLabel(tr("Last day"), m_to));
    column->addWidget(m_to);
    column->addSpacing(8);
    column->addWidget(apply);
    connect(m_from, &QDateEdit::dateChanged, this, [this](const QDate& day) { m_to->setMinimumDate(day); });
    connect(apply, &QPushButton::clicked, this, [this] {
        m_custom->close();
        const QTimeZone zone(m_timeZone);
        Q_EMIT spanChosen({m_from->date().startOfDay(zone).toMSecsSinceEpoch(),
            m_to->date().addDays(1).startOfDay(zone).toMSecsSinceEpoch()});
    });
}

void RangePicker::setRange(CostsRange range, const TimeSpan& span, const QByteArray& timeZone)
{
    m_timeZone = timeZone;
    m_span = span;
    m_range->setText(range == CostsRange::Custom ? spanText(span, timeZone) : rangeName(range));
    m_compareText = previousName(range);
    m_compare->setAccessibleName(m_compareText);
    m_zone->setText(QString::fromLatin1(timeZone));
    updateGeometry();
    fitCompare();
}

QSize RangePicker::sizeWith(const QString& compareText) const
{
    QSize size = layout()->sizeHint();
    const QFontMetrics metrics = m_compare->fontMetrics();
    size.rwidth() += metrics.horizontalAdvance(compareText) - metrics.horizontalAdvance(m_compare->text());
    return size;
}

QSize RangePicker::sizeHint() const
{
    return sizeWith(m_compareText);
}

QSize RangePicker::minimumSizeHint() const
{
    return sizeWith(shortCompareText());
}

void RangePicker::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    fitCompare();
}

void RangePicker::fitCompare()
{
    const bool isRoomy = width() >= sizeHint().width();
    m_compare->setText(isRoomy ? m_compareText : shortCompareText());
}

void RangePicker::setCompare(bool on)
{
    const QSignalBlocker quiet(m_compare);
    m_compare->setChecked(on);
}

QMenu* RangePicker::addMenu(const QString& title)
{
    m_range->menu()->addSeparator();
    return m_range->menu()->addMenu(title);
}

void RangePicker::openCustom()
{
    const QTimeZone zone(m_timeZone);
    m_to->clearMinimumDate();
    m_from->setDate(QDateTime::fromMSecsSinceEpoch(m_span.fromMs, zone).date());
    m_to->setDate(QDateTime::fromMSecsSinceEpoch(m_span.toMs - 1, zone).date());
    m_to->setMinimumDate(m_from->date());
    m_custom->move(m_range->mapToGlobal(QPoint(0, m_range->height() + 2)));
    m_custom->show();
    m_from->setFocus();
}

void RangePicker::openZones()
{
    m_zones->openUnder(m_zone);
    std::vector<ChoicePopup::Choice> choices;
    QByteArrayList ids = QTimeZone::availableTimeZoneIds();
    // What is likely, first.
    const QByteArray here = QTimeZone::systemTimeZoneId();
    for (const QByteArray& id : {QByteArray("UTC"), here}) {
        if (!id.isEmpty() && ids.removeAll(id) > 0)
            ids.prepend(id);
    }
    for (const QByteArray& id : std::as_const(ids)) {
        const QString name = QString::fromLatin1(id);
        if (name.startsWith(QLatin1String("UTC")) && id != "UTC")
            continue; // fixed offsets: IANA has better names for them
        choices.push_back({name, name, offsetText(QTimeZone(id)), id == m_timeZone});
    }
    m_zones->setChoices(choices);
}

} // namespace llmcache::ui
