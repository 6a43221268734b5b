#pragma once

#include <QStringList>
#include <QWidget>

class QLineEdit;

namespace llmcache::ui {

class FlowLayout;
class Theme;

/// The tags of an entry as chips: remove them, or type another one.
class TagRow : public QWidget {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    explicit TagRow(const Theme* theme, QWidget* parent = nullptr);
    void setTags(const QStringList& tags);
    const QStringList& tags() const { return m_tags; }
    /// Why tags can't be changed; empty = they can.
    void setObstacle(const QString& why);

    static constexpr int longestTag = 100;

Q_SIGNALS:
    void addRequested(const QString& tag);
    void removeRequested(const QString& tag);

private:
    void rebuild();

    const Theme* m_theme;
    FlowLayout* m_layout;
    QLineEdit* m_field;
    QList<QWidget*> m_chips;
    QStringList m_tags;
    bool m_canChange = true;
};

} // namespace llmcache::ui
