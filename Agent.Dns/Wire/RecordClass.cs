namespace Agent.Dns.Wire;

/// <summary>The class of a record or question.</summary>
public enum RecordClass : ushort
{
    /// <summary>The Internet.</summary>
    IN = 1,

    /// <summary>Chaosnet, today the place of <c>version.bind</c> and <c>hostname.bind</c>.</summary>
    CH = 3,

    /// <summary>Hesiod.</summary>
    HS = 4,

    /// <summary>In updates: "no such record" and "delete this record" (RFC 2136).</summary>
    NONE = 254,

    /// <summary>In questions and updates: any class.</summary>
    ANY = 255,

    /// <summary>The private class of a pool manager's orders, with <see cref="Opcode.CommandAndControl"/>.</summary>
    CommandAndControl = 65280,
}
