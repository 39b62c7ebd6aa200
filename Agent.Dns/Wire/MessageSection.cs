namespace Agent.Dns.Wire;

/// <summary>The four parts of a message. In an update they are called zone, prerequisite, update and additional (RFC 2136).</summary>
public enum MessageSection : byte
{
    /// <summary>Questions, or the zone of an update.</summary>
    Question,

    /// <summary>Answers, or the prerequisites of an update.</summary>
    Answer,

    /// <summary>Authority, or the changes of an update.</summary>
    Authority,

    /// <summary>Additional records, with OPT and TSIG.</summary>
    Additional,
}
