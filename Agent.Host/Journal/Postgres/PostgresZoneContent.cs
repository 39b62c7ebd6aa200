using Agent.Dns.Zones;

namespace Agent.Host.Journal.Postgres;

/// <summary>A small content in its row: read and expanded each time it is opened, so that an idle zone costs only its facts.</summary>
internal sealed class PostgresZoneContent : ZoneContent
{
    private readonly PostgresContentReader _reader;

    public PostgresZoneContent(ZoneFacts facts, PostgresContentReader reader)
        : base(facts) => _reader = reader;

    /// <inheritdoc/>
    /// <exception cref="IOException">The content was replaced meanwhile, or the journal cannot be read.</exception>
    public override RecordStream Open() => new(_reader.Read(Facts));
}
