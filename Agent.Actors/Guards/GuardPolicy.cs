namespace Agent.Actors.Guards;

/// <summary>What new content must fulfil before it replaces what is served.</summary>
public sealed record GuardPolicy
{
    /// <summary>A zone that loses more than this share of its records is stopped; 100: none is.</summary>
    public int ShrinkPercent { get; init; } = 50;

    /// <summary>The share counts for zones that have at least so many records.</summary>
    public long ShrinkMinimumRecords { get; init; } = 20;

    /// <summary>A zone that loses more records than this at once is stopped, whatever the share; 0: none is.</summary>
    public long ShrinkRecords { get; init; }

    /// <summary>A zone whose apex was signed and is no longer is stopped.</summary>
    public bool KeepsDnssec { get; init; } = true;

    /// <summary>A zone is stopped when its master sends records that lie outside of it; else these are left out.</summary>
    public bool StopsOutOfZone { get; init; }

    /// <summary>What the digest in the zone must be.</summary>
    public ZoneDigestRule Digest { get; init; } = ZoneDigestRule.WhenPresent;
}

/// <summary>What the digest in the zone (ZONEMD, RFC 8976) must be.</summary>
public enum ZoneDigestRule
{
    /// <summary>It is not looked at.</summary>
    Off = 0,

    /// <summary>Where there is one that can be computed, one must be right.</summary>
    WhenPresent = 1,

    /// <summary>There must be one, and one must be right.</summary>
    Required = 2,
}

/// <summary>What is made of a master whose serial is older than the one held (RFC 1982).</summary>
public enum OlderSerial
{
    /// <summary>It is never taken.</summary>
    Refuse = 0,

    /// <summary>It is taken when what is held has expired and no master has that any more.</summary>
    AfterExpiry = 1,

    /// <summary>It is taken as soon as no master that answers has what is held, or anything newer.</summary>
    Accept = 2,
}
