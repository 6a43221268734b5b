#pragma once

#include "widgets/controls.h"
#include "widgets/elidedlabel.h"

#include <QVector>

class QBoxLayout;
class QGridLayout;
class QHBoxLayout;
class QVBoxLayout;

namespace llmcache::ui {

class Theme;

/// A bordered surface with an optional heading row; the content goes into body().
class Card : public QFrame {
    Q_OBJECT
public:
    explicit Card(const QString& heading = {}, QWidget* parent = nullptr);
    /// Heading row: the heading first; add controls behind it.
    QHBoxLayout* headingRow() const { return m_headingRow; }
    QVBoxLayout* body() const { return m_body; }
    void setHeading(const QString& text);

private:
    QLabel* m_heading;
    QHBoxLayout* m_headingRow;
    QVBoxLayout* m_body;
};

/// A small line of values without axes.
class Sparkline : public QWidget {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    explicit Sparkline(const Theme* theme, QWidget* parent = nullptr);
    /// Values oldest first; fewer than two paint nothing.
    void setValues(const QVector<double>& values);
    QSize sizeHint() const override { return {84, 28}; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    const Theme* m_theme;
    QVector<double> m_values;
};

/// One figure with its name: label, value, a line below, an optional sparkline.
class Tile : public QFrame {
    Q_OBJECT
public:
    enum class Size { Compact, Large };
    /// Shows a skeleton until the first setValue(). `theme` must outlive the widget.
    Tile(const Theme* theme, const QString& label, Size size, QWidget* parent = nullptr);
    void setLabel(const QString& label);
    /// `toolTip` holds the exact value where the text is rounded.
    void setValue(const QString& value, const QString& toolTip = {});
    void setNote(const QString& note, Tone tone = Tone::Secondary);
    void setSparkline(const QVector<double>& values);
    /// One line, with the note as a tooltip, where room is scarce. For a compact tile.
    void setLow(bool low);
    /// Grey bars instead of value and note; the tile keeps its size.
    void setSkeleton(bool on);
    bool isSkeleton() const { return m_skeleton; }

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void updateAccessibleName();
    void placeSparkline();
    const Theme* m_theme;
    QBoxLayout* m_column;
    QLabel* m_label;
    ElidedLabel* m_value;
    ElidedLabel* m_note;
    Sparkline* m_sparkline;
    bool m_skeleton = true;
    bool m_hasCourse = false;
};

/// Tiles of equal width side by side; in rows of two where they would be narrower than `leastWidth`.
class TileGrid : public QWidget {
    Q_OBJECT
public:
    TileGrid(const QVector<Tile*>& tiles, int leastWidth, int spacing, QWidget* parent = nullptr);
    QSize minimumSizeHint() const override;

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void arrange(int columns);
    QVector<Tile*> m_tiles;
    int m_leastWidth;
    int m_columns = 0;
    QGridLayout* m_grid;
};

} // namespace llmcache::ui
