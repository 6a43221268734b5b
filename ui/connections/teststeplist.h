#pragma once

#include "connection/connectiontest.h"

#include <QFrame>

class QGridLayout;

namespace llmcache::ui {

/// The steps of a connection's test, one a row: how it went, what was found, what could be better.
class TestStepList : public QFrame {
    Q_OBJECT
public:
    explicit TestStepList(QWidget* parent = nullptr);
    void setSteps(const std::vector<TestStep>& steps);
    /// Empties and hides it.
    void clear();

private:
    QGridLayout* m_grid = nullptr;
};

} // namespace llmcache::ui
