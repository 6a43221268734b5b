#pragma once

#include <QLayout>

#include <memory>
#include <vector>

namespace llmcache::ui {

/// Items one after the other at their preferred size, in as many rows as it takes.
class FlowLayout : public QLayout {
    Q_OBJECT
public:
    explicit FlowLayout(int spacing, QWidget* parent = nullptr);
    void clear(); ///< deletes the widgets too
    void addItem(QLayoutItem* item) override;
    int count() const override { return static_cast<int>(m_items.size()); }
    QLayoutItem* itemAt(int index) const override;
    QLayoutItem* takeAt(int index) override;
    Qt::Orientations expandingDirections() const override { return {}; }
    bool hasHeightForWidth() const override { return true; }
    int heightForWidth(int width) const override { return arrange(QRect(0, 0, width, 0), false); }
    QSize sizeHint() const override;
    QSize minimumSize() const override;
    void setGeometry(const QRect& area) override;

private:
    /// Returns the height that is needed.
    int arrange(const QRect& area, bool place) const;
    std::vector<std::unique_ptr<QLayoutItem>> m_items;
};

} // namespace llmcache::ui
