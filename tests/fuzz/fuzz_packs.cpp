// Packs of calls and the prices laid over them, as a store gives them back: whatever the bytes, they are read
// or refused. What was read is packed anew and means the same.
#include "base/error.h"
#include "fuzzinput.h"
#include "store/callpack.h"
#include "store/redis/redispacks_p.h"
#include "store/repricer.h"

using namespace llmcache;

namespace {

constexpr int mostCalls = 20'000;

void readPack(const QByteArray& pack, const QByteArray& prices)
{
    NameTable names;
    PackReader reader(pack, names);
    OverlayReader overlay(prices);
    PackWriter writer(names);
    RepricingRequest request;
    Repricer repricer(request, names);
    CallFigures call;
    int calls = 0;
    while (calls < mostCalls && reader.next(call)) {
        ++calls;
        fuzz::require(call.model < names.size() && call.tags < names.size(), "names are those of the table");
        repricer.price(call);
        writer.add(reader.key(), call);
        apply(overlay.next(), call);
    }
    fuzz::require(reader.count() >= calls, "there are no more calls than it says");
    NameTable others;
    PackReader again(writer.finish(), others);
    int written = 0;
    while (again.next(call))
        ++written;
    fuzz::require(written == calls, "what is packed anew has as many calls");
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const QByteArray bytes = fuzz::bytesOf(data, size);
    const QByteArray nothing = OverlayWriter().finish();
    try {
        if (size > 0 && (data[0] == '2' || data[0] == '3')) { // as a hash in Redis keeps it
            const auto packed = redisstore::PackedHour::fromField(bytes);
            if (!packed.pack.isEmpty()) {
                const auto again = redisstore::PackedHour::fromField(packed.toField());
                fuzz::require(
                    again.upTo == packed.upTo && again.change == packed.change && again.pack == packed.pack,
                    "a field comes back unchanged");
                readPack(packed.pack, nothing);
            }
        } else if (size > 0 && data[0] == 'o') { // prices alone
            OverlayReader overlay(bytes.mid(1));
            for (int call = 0; call < mostCalls; ++call)
                overlay.next();
        } else {
            readPack(bytes, nothing);
        }
    } catch (const CacheError&) {
        // refused
    }
    return 0;
}
