#pragma once

#include "widgets/card.h"

class QComboBox;
class QSettings;

namespace llmcache::ui {

class SegmentedControl;

/// Colours, density, size, and the time zone that times are shown in.
class AppearanceCard : public Card {
    Q_OBJECT
public:
    /// `theme` and `settings` must outlive the widget.
    AppearanceCard(Theme* theme, QSettings* settings, QWidget* parent = nullptr);

private:
    void showTheme();
    Theme* m_theme;
    QSettings* m_settings;
    SegmentedControl* m_scheme;
    SegmentedControl* m_density;
    QComboBox* m_size;
    QComboBox* m_zone;
    QLabel* m_note;
};

} // namespace llmcache::ui
