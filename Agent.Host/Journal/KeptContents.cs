using Agent.Dns.Zones;

namespace Agent.Host.Journal;

/// <summary>Contents that the journal keeps: read and expanded each time one is opened, so that an idle zone costs only its
/// facts.</summary>
/// <param name="open">Reads one; an <see cref="IOException"/> when it was replaced meanwhile, or the journal cannot be read.</param>
internal sealed class KeptContents(Func<ZoneFacts, RecordStream> open) : ZoneContentPlace
{
    /// <inheritdoc/>
    public override ZoneContent Content(ZoneFacts facts) => new KeptZoneContent(facts, this);

    /// <summary>Reads a content from its first record on.</summary>
    public RecordStream Open(ZoneFacts facts) => open(facts);
}

/// <summary>A handle on a content that the journal keeps.</summary>
internal sealed class KeptZoneContent(ZoneFacts facts, KeptContents place) : ZoneContent(facts)
{
    /// <inheritdoc/>
    public override ZoneContentPlace Place => place;

    /// <inheritdoc/>
    /// <exception cref="IOException">The content was replaced meanwhile, or the journal cannot be read.</exception>
    public override RecordStream Open() => place.Open(Facts);
}
