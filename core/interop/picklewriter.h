#pragma once

#include "interop/picklereader.h"

#include <QHash>

#include <functional>

namespace llmcache {

/// Writes opcodes one after the other, as Python's pickler would: frames from protocol 4 on, texts and
/// classes once and from the memo afterwards. The caller keeps the order that the stack wants: first the
/// parts, then what is made of them.
class PickleBuilder {
public:
    enum class Form {
        Whole, ///< a pickle, with its protocol, frames, memo and STOP
        Part, ///< opcodes to stand within another pickle, which leave its memo alone
    };
    /// `protocol` is 1 to 5.
    explicit PickleBuilder(int protocol = 4, Form form = Form::Whole);

    void none();
    void boolean(bool value);
    void integer(qint64 value);
    /// Decimal digits with an optional minus; any size up to 4,300 digits. Throws ConfigurationError for
    /// anything else.
    void integer(const QString& decimal);
    /// An Int of a document, of whatever size.
    void integer(const PickleValue& value);
    void real(double value);
    void text(QStringView value);
    /// UTF-8, with surrogates as PickleValue::utf8() has them.
    void utf8(QByteArrayView value);
    void bytes(QByteArrayView value);
    void byteArray(QByteArrayView value);

    void mark();
    void tupleFromMark();
    /// Of the last `size` values, up to 3.
    void tuple(int size);
    void emptyList();
    void emptyDict();
    void emptySet();
    void appendFromMark();
    void setFromMark();
    void addFromMark();
    void frozenSetFromMark();

    void global(QByteArrayView module, QByteArrayView qualifiedName);
    void reduce();
    void newObject();
    void newObjectWithKeywords();
    void build();
    void persistent();
    void extension(qint64 code);
    void pop();
    void popMark();

    /// Keeps the last value in the memo, and returns its place.
    quint32 remember();
    void recall(quint32 place);

    /// Ends it. The builder is empty afterwards.
    QByteArray finish();

private:
    void begin();
    void put(quint8 opcode);
    void putSized(quint8 tiny, quint8 usual, quint8 huge, QByteArrayView value);
    void putTwosComplement(const QByteArray& bytes);
    void putNumber(quint64 number, int size);
    void closeFrame();

    QByteArray m_out;
    int m_protocol;
    Form m_form;
    qsizetype m_frameAt = -1;
    quint32 m_memoCount = 0;
    QHash<QByteArray, quint32> m_known; ///< texts and classes in the memo
};

/// The pickle of a tree, written anew: the same values, calls and shared references, not the same bytes. Of
/// protocol 4, or 5 where the source is. What the source throws away is not in it.
QByteArray writePickle(const PickleValue& root);

/// The document with another value at a place. `write` puts one value on the stack. All other bytes stay as
/// they are, but for the lengths of frames; a value that stands at other places too stays the same there.
PickleDocument replaceValue(const PickleDocument& document, const PickleValue& place,
    const std::function<void(PickleBuilder&)>& write);

/// Writes the opcodes of a value without the memo: for small values that hold neither themselves nor very
/// much. Throws CacheError for others.
void writePart(PickleBuilder& builder, const PickleValue& value);
/// The same with another value at a place within it.
void writePart(PickleBuilder& builder, const PickleValue& value, const PickleValue& except,
    const std::function<void(PickleBuilder&)>& write);

} // namespace llmcache
