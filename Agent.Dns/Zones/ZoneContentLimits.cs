namespace Agent.Dns.Zones;

/// <summary>How large a zone may become before its building stops.</summary>
/// <param name="MaximumRecords">The most records.</param>
/// <param name="MaximumBytes">The most bytes of the byte sequence.</param>
public readonly record struct ZoneContentLimits(long MaximumRecords, long MaximumBytes)
{
    /// <summary>No limit but that of the machine.</summary>
    public static ZoneContentLimits None => new(long.MaxValue, long.MaxValue);
}
