namespace Agent.Dns.Zones;

/// <summary>How the names in a master file are written.</summary>
public enum ZoneFileNames
{
    /// <summary>Whole, with a final dot: each line means the same wherever it is read.</summary>
    Absolute = 0,

    /// <summary>
    /// Names below the apex without it, behind an <c>$ORIGIN</c> that names it: a smaller file, which a server is through with sooner.
    /// The apex itself and names with escapes stay whole, and so do names in the data of all but the commonest types.
    /// </summary>
    Relative = 1,
}
