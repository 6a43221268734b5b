#pragma once

#include <QAbstractButton>
#include <QAccessible>
#include <QTest>
#include <QWidget>

#include <algorithm>

namespace llmcache::test {

/// Fails unless a screen reader can name everything that `window` shows and that takes keys or clicks, which
/// is at least `least` controls. A sign such as "✕" is no name.
inline void verifyControlNames(const QWidget& window, int least)
{
    int count = 0;
    QStringList nameless;
    const auto widgets = window.findChildren<QWidget*>();
    for (QWidget* widget : widgets) {
        const bool isControl =
            (widget->focusPolicy() & Qt::TabFocus) || qobject_cast<const QAbstractButton*>(widget);
        // What a scroll bar, a menu, a header or the field in a box says comes from what it belongs to.
        if (!isControl || !widget->isVisibleTo(&window) || widget->focusProxy()
            || widget->inherits("QScrollBar") || widget->inherits("QMenu") || widget->inherits("QHeaderView")
            || widget->inherits("QTableCornerButton"))
            continue;
        ++count;
        const QAccessibleInterface* const spoken = QAccessible::queryAccessibleInterface(widget);
        const QString name = spoken ? spoken->text(QAccessible::Name) : widget->accessibleName();
        if (std::none_of(name.begin(), name.end(), [](QChar sign) { return sign.isLetterOrNumber(); }))
            nameless.append(QStringLiteral("%1 \"%2\" in \"%3\"")
                                .arg(QString::fromLatin1(widget->metaObject()->className()),
                                    widget->objectName(), widget->parentWidget()->objectName()));
    }
    QVERIFY2(nameless.isEmpty(), qPrintable(nameless.join(QLatin1Char('\n'))));
    QVERIFY2(count >= least, qPrintable(QString::number(count)));
}

} // namespace llmcache::test
