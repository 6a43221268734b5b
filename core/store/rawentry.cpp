#include "store/rawentry.h"

#include "store/store.h"

namespace llmcache {

RawInspector::~RawInspector() = default;

QCoro::Task<std::optional<RawEntry>> readRaw(Store* store, QString fingerprint)
{
    if (auto* const inspector = dynamic_cast<RawInspector*>(store))
        return inspector->rawEntry(std::move(fingerprint));
    return readRawFields(store, std::move(fingerprint));
}

QCoro::Task<std::optional<RawEntry>> readRawFields(Store* store, QString fingerprint)
{
    QStringList fingerprints{fingerprint};
    auto reading = store->readImages(std::move(fingerprints));
    const std::vector<EntryImage> images = co_await reading;
    if (images.empty())
        co_return std::nullopt;
    const EntryImage& image = images.front();
    RawEntry raw;
    raw.key = fingerprint;
    raw.type = QStringLiteral("table row");
    raw.expiresMs = image.expiresMs;
    for (const EntryField& field : image.fields)
        raw.fields.push_back({QString::fromUtf8(field.name), field.value});
    co_return raw;
}

PinNote pinNoteFrom(const QByteArray& meta)
{
    const auto json = tryParseJson(meta);
    if (!json || !json->is_object())
        return {};
    return {stringMember(*json, "pinned_by"), stringMember(*json, "pin_reason")};
}

QCoro::Task<PinNote> readPinNote(Store* store, QString fingerprint)
{
    QStringList fingerprints{std::move(fingerprint)};
    auto reading = store->readImages(std::move(fingerprints));
    const std::vector<EntryImage> images = co_await reading;
    co_return images.empty() ? PinNote()
                             : pinNoteFrom(images.front().fields.value(QByteArrayLiteral("meta")));
}

QByteArray withPinNoteOf(const QByteArray& before, const QByteArray& meta)
{
    const auto from = tryParseJson(before);
    auto to = tryParseJson(meta);
    if (!from || !to || !from->is_object() || !to->is_object() || !to->contains("pinned"))
        return meta;
    for (const char* key : {"pinned_by", "pin_reason"}) {
        if (from->contains(key) && !to->contains(key))
            (*to)[key] = (*from)[key];
    }
    return toJsonText(*to);
}

} // namespace llmcache
