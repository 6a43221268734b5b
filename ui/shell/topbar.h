#pragma once

#include <QFrame>

class QHBoxLayout;

namespace llmcache::ui {

/// The thin bar over the views: what the current view puts there, and the field that opens the palette.
class TopBar : public QFrame {
    Q_OBJECT
public:
    explicit TopBar(QWidget* parent = nullptr);
    /// Puts something before the headers, whatever view is shown.
    void addLeading(QWidget* widget);
    /// Takes ownership of a header; hidden until it is shown by showHeader().
    void addHeader(QWidget* header);
    /// Shows this one of the headers only.
    void showHeader(QWidget* header);

Q_SIGNALS:
    void searchRequested();

private:
    QHBoxLayout* m_leading;
    QHBoxLayout* m_headers;
    QList<QWidget*> m_all;
};

} // namespace llmcache::ui
