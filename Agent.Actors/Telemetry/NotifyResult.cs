namespace Agent.Actors.Telemetry;

/// <summary>What became of a NOTIFY.</summary>
public enum NotifyResult
{
    /// <summary>Its zone has noted it.</summary>
    Accepted = 0,

    /// <summary>The sender may not: by its address, its signature, or its master set.</summary>
    Refused = 1,

    /// <summary>Nobody created the zone.</summary>
    UnknownZone = 2,

    /// <summary>It is nobody's fault but ours: answered SERVFAIL.</summary>
    Failed = 3,

    /// <summary>Not answered, as is set for unknown zones.</summary>
    Ignored = 4,
}
