namespace Agent.Dns.Wire;

/// <summary>The kind of a message, bits 11 to 14 of the flags.</summary>
public enum Opcode : byte
{
    /// <summary>An ordinary query, also the request for a transfer.</summary>
    Query = 0,

    /// <summary>Inverse query, withdrawn by RFC 3425.</summary>
    IQuery = 1,

    /// <summary>Server status, never specified.</summary>
    Status = 2,

    /// <summary>A zone has changed, RFC 1996.</summary>
    Notify = 4,

    /// <summary>Dynamic update, RFC 2136.</summary>
    Update = 5,

    /// <summary>DNS Stateful Operations, RFC 8490.</summary>
    Dso = 6,

    /// <summary>The private opcode by which a pool manager creates and deletes zones.</summary>
    CommandAndControl = 14,
}
