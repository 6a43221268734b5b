#pragma once

#include <QWidget>

namespace llmcache::ui {

class FlowLayout;
class Theme;

/// Names of the series with their colours; each is a switch that hides or shows its series.
class ChartLegend : public QWidget {
    Q_OBJECT
public:
    struct Item {
        QString name;
        QString label;
        int colorIndex = 0; ///< negative = "other" grey
        bool isLine = false; ///< the dashed line of the time before
        friend bool operator==(const Item&, const Item&) = default;
    };
    /// `theme` must outlive the widget.
    explicit ChartLegend(const Theme* theme, QWidget* parent = nullptr);
    /// Keeps what is switched off for names that stay.
    void setItems(const std::vector<Item>& items);
    const QStringList& hidden() const { return m_hidden; }

Q_SIGNALS:
    void hiddenChanged();

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void rebuild();
    void claimHeight();
    QIcon iconOf(const Item& item) const;
    const Theme* m_theme;
    FlowLayout* m_row;
    std::vector<Item> m_items;
    QStringList m_hidden;
};

} // namespace llmcache::ui
