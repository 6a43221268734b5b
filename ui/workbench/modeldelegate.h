#pragma once

#include <QStyledItemDelegate>

namespace llmcache::ui {

class Theme;

/// A model in a list, with its price and context size at the right.
class ModelDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    static constexpr int factsRole = Qt::UserRole; ///< "$1.00 in · $5.00 out / M · 200 k"
    /// `theme` must outlive the delegate.
    ModelDelegate(const Theme* theme, QObject* parent);
    void paint(
        QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;

private:
    const Theme* m_theme;
};

} // namespace llmcache::ui
