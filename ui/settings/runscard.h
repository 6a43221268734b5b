#pragma once

#include "settings/runpreferences.h"
#include "widgets/card.h"

class QComboBox;
class QDoubleSpinBox;
class QLineEdit;
class QSpinBox;

namespace llmcache::ui {

class ErrorBanner;

/// What runs are made with where an agent does not say otherwise, and how providers are reached.
class RunsCard : public Card {
    Q_OBJECT
public:
    /// `theme` and `settings` must outlive the widget. `account` is the name that the ledger has without one
    /// of one's own.
    RunsCard(const Theme* theme, QSettings* settings, const QString& account, QWidget* parent = nullptr);

private:
    void layOut();
    void load();
    void save();
    void saveProxy();
    QSettings* m_settings;
    ErrorBanner* m_banner;
    QLineEdit* m_user;
    QLabel* m_userNote;
    QSpinBox* m_life;
    QDoubleSpinBox* m_initialWait;
    QSpinBox* m_maxWait;
    QSpinBox* m_atOnce;
    QSpinBox* m_keep;
    QComboBox* m_proxy;
    QLineEdit* m_proxyAddress;
};

} // namespace llmcache::ui
