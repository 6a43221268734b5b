#include "settings/appearancecard.h"

#include "settings/settingsview.h"
#include "theme/theme.h"

#include <QComboBox>
#include <QCompleter>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QSettings>
#include <QSignalBlocker>
#include <QTimeZone>
#include <QVBoxLayout>

#include <algorithm>
#include <array>

namespace llmcache::ui {

namespace {

const QString schemeKey = QStringLiteral("appearance/scheme");
const QString densityKey = QStringLiteral("appearance/density");
const QString sizeKey = QStringLiteral("appearance/size");
const QString zoneKey = QStringLiteral("appearance/time_zone");

/// In per cent of the size that the program is made for.
constexpr std::array appearanceSizes{90, 100, 110, 125, 150, 175, 200};

} // namespace

void restoreAppearance(Theme* theme, const QSettings& settings)
{
    theme->setScheme(colorSchemeFromName(settings.value(schemeKey).toString()));
    theme->setDensity(densityFromName(settings.value(densityKey).toString()));
}

void saveAppearance(const Theme& theme, QSettings& settings)
{
    settings.setValue(schemeKey, colorSchemeName(theme.scheme()));
    settings.setValue(densityKey, densityName(theme.density()));
}

int appearanceSize(const QSettings& settings)
{
    const int percent = settings.value(sizeKey).toInt();
    constexpr int usual = 100;
    return std::find(appearanceSizes.begin(), appearanceSizes.end(), percent) == appearanceSizes.end()
        ? usual
        : percent;
}

AppearanceCard::AppearanceCard(Theme* theme, QSettings* settings, QWidget* parent)
    : Card(tr("Appearance"), parent)
    , m_theme(theme)
    , m_settings(settings)
    , m_scheme(new SegmentedControl)
    , m_density(new SegmentedControl)
    , m_size(new QComboBox)
    , m_zone(new QComboBox)
    , m_note(makeLabel(tr("Size and time zone are used when the program starts next."), Tone::Secondary))
{
    headingRow()->addStretch();
    for (const QString& text : {tr("System"), tr("Light"), tr("Dark")})
        m_scheme->addSegment(text);
    for (const QString& text : {tr("Comfortable"), tr("Compact")})
        m_density->addSegment(text);
    for (const int percent : appearanceSizes)
        m_size->addItem(tr("%1 %").arg(percent), percent);
    m_size->setObjectName(QStringLiteral("text size"));
    m_size->setToolTip(tr("Of text, and of controls and pictures with it"));
    m_size->setCurrentIndex(m_size->findData(appearanceSize(*m_settings)));
    m_zone->addItem(tr("The system's"), QByteArray());
    for (const QByteArray& id : QTimeZone::availableTimeZoneIds())
        m_zone->addItem(QString::fromLatin1(id), id);
    m_zone->setEditable(true);
    m_zone->setInsertPolicy(QComboBox::NoInsert);
    m_zone->completer()->setFilterMode(Qt::MatchContains);
    m_zone->completer()->setCompletionMode(QCompleter::PopupCompletion);
    m_zone->setMaxVisibleItems(12);
    m_zone->setMinimumWidth(220);
    m_zone->setObjectName(QStringLiteral("time zone"));
    m_zone->setCurrentIndex(std::max(0, m_zone->findData(m_settings->value(zoneKey).toByteArray())));
    m_note->hide();
    auto* grid = new QGridLayout;
    grid->setHorizontalSpacing(16);
    grid->setVerticalSpacing(8);
    grid->setColumnMinimumWidth(0, 140);
    grid->setColumnStretch(1, 1);
    int row = 0;
    for (const auto& [text, control] : {std::pair<QString, QWidget*>(tr("Colours"), m_scheme),
             std::pair<QString, QWidget*>(tr("Density"), m_density),
             std::pair<QString, QWidget*>(tr("Text size"), m_size),
             std::pair<QString, QWidget*>(tr("Time zone"), m_zone)}) {
        control->setAccessibleName(text);
        grid->addWidget(makeLabel(text, Tone::Secondary), row, 0);
        grid->addWidget(control, row++, 1, Qt::AlignLeft);
    }
    grid->addWidget(m_note, row, 1);
    body()->addLayout(grid);

    showTheme();
    connect(m_theme, &Theme::changed, this, &AppearanceCard::showTheme);
    connect(m_scheme, &SegmentedControl::currentChanged, this, [this](int index) {
        m_theme->setScheme(static_cast<ColorScheme>(index));
        saveAppearance(*m_theme, *m_settings);
    });
    connect(m_density, &SegmentedControl::currentChanged, this, [this](int index) {
        m_theme->setDensity(static_cast<Density>(index));
        saveAppearance(*m_theme, *m_settings);
    });
    connect(m_size, &QComboBox::currentIndexChanged, this, [this](int index) {
        m_settings->setValue(sizeKey, m_size->itemData(index).toInt());
        m_note->show();
    });
    connect(m_zone, &QComboBox::currentIndexChanged, this, [this](int index) {
        m_settings->setValue(zoneKey, m_zone->itemData(index).toByteArray());
        m_note->show();
    });
}

void AppearanceCard::showTheme()
{
    const QSignalBlocker quietScheme(m_scheme);
    const QSignalBlocker quietDensity(m_density);
    m_scheme->setCurrentIndex(static_cast<int>(m_theme->scheme()));
    m_density->setCurrentIndex(static_cast<int>(m_theme->density()));
}

} // namespace llmcache::ui
