#pragma once

#include "theme/icons.h"

#include <QFrame>

class QButtonGroup;
class QVBoxLayout;

namespace llmcache::ui {

class Theme;

/// The dark column at the left with one item a view. Up and Down move between the items.
class Rail : public QFrame {
    Q_OBJECT
public:
    enum class Place { Top, Bottom };
    /// `theme` must outlive the widget.
    explicit Rail(const Theme* theme, QWidget* parent = nullptr);
    /// Appends an item and returns its index.
    int addItem(IconName icon, const QString& label, const QString& toolTip, Place place);
    void setCurrent(int index);
    int current() const;

Q_SIGNALS:
    /// The user chose an item.
    void activated(int index);

private:
    const Theme* m_theme;
    QButtonGroup* m_group;
    QVBoxLayout* m_top;
    QVBoxLayout* m_bottom;
};

} // namespace llmcache::ui
