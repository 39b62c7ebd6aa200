using Agent.Dns.Zones;

namespace Agent.Host.Journal;

/// <summary>
/// A small content that a transfer brought: its octets in memory until the journal keeps them, and a little longer, because the targets
/// read them next. Then only the facts stay here and each reader goes to the journal.
/// </summary>
public sealed class FreshZoneContent : ZoneContent
{
    private volatile byte[]? _octets;
    private volatile KeptContents? _kept;

    /// <summary>Takes over octets whose facts were computed while they came; nobody may change the array afterwards.</summary>
    public FreshZoneContent(ZoneFacts facts, byte[] octets)
        : base(facts) => _octets = octets;

    /// <summary>The octets, as long as they are in memory.</summary>
    internal byte[]? Octets => _octets;

    /// <inheritdoc/>
    public override ZoneContentPlace? Place => _kept;

    /// <inheritdoc/>
    /// <exception cref="IOException">The content was replaced meanwhile, or the journal cannot be read.</exception>
    public override RecordStream Open() => _octets is { } octets ? new RecordStream(octets) : _kept!.Open(Facts);

    /// <summary>The journal has the content.</summary>
    internal void KeptBy(KeptContents place) => _kept = place;

    /// <summary>Lets go of the octets, if they are kept elsewhere.</summary>
    internal void Release()
    {
        if (_kept is not null)
            _octets = null;
    }
}
