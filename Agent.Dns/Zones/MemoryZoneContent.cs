namespace Agent.Dns.Zones;

/// <summary>A zone's content in one array.</summary>
public sealed class MemoryZoneContent : ZoneContent
{
    private readonly byte[] _octets;

    /// <summary>Takes bytes over whose facts are known; nobody may change the array afterwards.</summary>
    internal MemoryZoneContent(byte[] bytes, ZoneFacts facts)
        : base(facts) => _octets = bytes;

    /// <summary>The byte sequence itself.</summary>
    public ReadOnlyMemory<byte> Bytes => _octets;

    /// <summary>Checks bytes from elsewhere (a store, another node) and computes their facts. The array is kept, not copied.</summary>
    public static ZoneContentError TryLoad(byte[] bytes, out MemoryZoneContent? content)
    {
        content = null;
        using var builder = new ZoneContentBuilder(Stream.Null, ZoneContentLimits.None);
        using var records = new RecordStream(bytes);
        while (records.TryRead(out StoredRecord record))
        {
            if (!builder.TryAppend(record))
                return builder.Error;
        }
        if (records.Error != ZoneContentError.None)
            return records.Error;
        if (!builder.TryComplete(out ZoneFacts? facts))
            return builder.Error;
        content = new MemoryZoneContent(bytes, facts);
        return ZoneContentError.None;
    }

    /// <inheritdoc/>
    public override RecordStream Open() => new(_octets);
}
