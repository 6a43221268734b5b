#pragma once

#include <QWidget>

class QGridLayout;
class QLabel;

namespace llmcache::ui {

class ElidedLabel;

/// Label and value pairs, one a line, aligned. The lines are made once; only the values change.
class FactList : public QWidget {
    Q_OBJECT
public:
    explicit FactList(QWidget* parent = nullptr);

    /// Adds a line; returns its number. `identifier`: monospaced and elided in the middle.
    int addLine(const QString& label, bool identifier = false);
    /// `note` stands behind the value in the quieter colour.
    void setLine(int line, const QString& value, const QString& note = {}, const QString& toolTip = {});
    QString value(int line) const;
    void setLineVisible(int line, bool visible);

private:
    struct Line {
        QLabel* title;
        QWidget* row;
        ElidedLabel* value;
        ElidedLabel* note;
    };
    QGridLayout* m_layout;
    QList<Line> m_lines;
};

} // namespace llmcache::ui
