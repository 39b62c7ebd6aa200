namespace Agent.Host.Journal;

/// <summary>How much the journal keeps.</summary>
public sealed record JournalOptions
{
    /// <summary>The least bound of the database file: in less there is no room for its tables and a little content.</summary>
    public const long SmallestMaximumBytes = 1 << 20;

    /// <summary>History lines kept for each zone, the newest.</summary>
    public int HistoryPerZone { get; init; } = 100;

    /// <summary>History lines kept over all zones, the newest.</summary>
    public long HistoryTotal { get; init; } = 1_000_000;

    /// <summary>Changes of content whose differences are kept for each zone, the newest.</summary>
    public int DifferencesPerZone { get; init; } = 100;

    /// <summary>Octets of differences kept for each zone; 0 keeps none.</summary>
    public long DifferenceBytesPerZone { get; init; } = 1 << 20;

    /// <summary>How long differences are kept.</summary>
    public TimeSpan DifferencesAge { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Contents that are larger than this once compressed become files.</summary>
    public int LargestStoredContent { get; init; } = 64 * 1024;

    /// <summary>Bound of the database file in bytes, so that a journal cannot fill the disk of a name server; 0 for none.</summary>
    public long MaximumBytes { get; init; }

    /// <summary>How long a request waits for a file that another process has locked (an operator's sqlite3, a copy being made).</summary>
    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Rows that are read in one pass when shards are taken together; so many are in memory at a time for each reading thread,
    /// some hundred octets each. SQLite.</summary>
    public int RowsPerPass { get; init; } = 62_500;

    /// <summary>Requests that may wait; more are answered with a failure at once.</summary>
    public int QueueLength { get; init; } = 4096;
}
