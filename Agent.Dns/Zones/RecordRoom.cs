namespace Agent.Dns.Zones;

/// <summary>
/// The sizes of the pooled buffers that records are gathered in. Nearly all zones fit the first. Each thread of the pool keeps an array of
/// every size that it gave back, for as long as it lives: what a buffer takes, it takes for every thread.
/// </summary>
internal static class RecordRoom
{
    /// <summary>Of a small zone, which is whole in it.</summary>
    public const int FirstBytes = 4 * 1024;

    /// <summary>Of a large zone: a larger one would only save calls of the system that take no time beside the octets they move.</summary>
    public const int UsualBytes = 64 * 1024;

    /// <summary>The next size above one that was too small. The last holds the largest record there can be.</summary>
    public static int Above(int bytes) => bytes < UsualBytes ? UsualBytes : StoredRecord.MaximumSize;
}
