#pragma once

#include "base/money.h"

#include <QWidget>

namespace llmcache::ui {

class Theme;

/// Names with a bar and an amount each, largest first. Click, or Enter on the current row, chooses one.
class BarList : public QWidget {
    Q_OBJECT
public:
    struct Row {
        QString name; ///< what is chosen
        QString label; ///< what is shown
        Money amount;
        QString toolTip;
        int colorIndex = 0; ///< as Theme::chartColor; negative = "other" grey
        bool isOther = false; ///< all that have no bar of their own
        friend bool operator==(const Row&, const Row&) = default;
    };
    /// `theme` must outlive the widget.
    explicit BarList(const Theme* theme, QWidget* parent = nullptr);
    void setRows(std::vector<Row> rows);
    /// What is said where there are no rows; read out, too.
    void setEmptyText(const QString& text);
    const std::vector<Row>& rows() const { return m_rows; }
    /// The bars without marks of pointer and focus, for pictures.
    void paintRows(QPainter* painter) const;
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return {160, sizeHint().height()}; }
    /// Rows that are always to be seen; where there is no room for the others, its scroll area scrolls.
    static constexpr int leastRows = 4;
    static constexpr int rowStep = 27; ///< height of a row

Q_SIGNALS:
    void chosen(const llmcache::ui::BarList::Row& row);
    /// The keyboard moved to the row at this place.
    void moved(const QRect& row);

protected:
    bool event(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    int rowAt(const QPointF& position) const;
    void choose(int row);
    const Theme* m_theme;
    std::vector<Row> m_rows;
    QString m_emptyText;
    int m_hovered = -1;
    int m_current = 0;
};

} // namespace llmcache::ui
