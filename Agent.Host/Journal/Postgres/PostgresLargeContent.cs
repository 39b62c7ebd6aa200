using Agent.Dns.Zones;

namespace Agent.Host.Journal.Postgres;

/// <summary>
/// A large content: the database has it, and this node perhaps a file. Whoever opens it reads the file, which is fetched first when it is
/// not there or is not whole.
/// </summary>
internal sealed class PostgresLargeContent(ZoneFacts facts, PostgresContentReader reader) : ZoneContent(facts)
{
    private volatile bool _isLookedAt;

    /// <inheritdoc/>
    /// <exception cref="IOException">The content was replaced meanwhile, or the journal cannot be read.</exception>
    public override RecordStream Open()
    {
        FileZoneContent file = reader.FileOf(Facts, lookAtAll: !_isLookedAt);
        _isLookedAt = true;
        try
        {
            return file.Open();
        }
        catch (IOException)
        {
            // It was cleared away between the two steps; what is still referred to can be fetched again.
            return reader.FileOf(Facts, lookAtAll: false).Open();
        }
    }
}
