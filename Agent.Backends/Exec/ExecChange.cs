using Agent.Backends.Shared;

namespace Agent.Backends.Exec;

/// <summary>A change of one zone that the program may be given with others, until it is done.</summary>
/// <param name="zone">The zone as the program is told it: one word.</param>
/// <param name="serial">Of the content that it is brought to; null takes the zone away.</param>
/// <param name="file">Where that content lies; whoever carries the change out takes it away.</param>
internal sealed class ExecChange(string zone, string? serial = null, string? file = null) : GatheredChange
{
    /// <summary>What is done, in the program's words.</summary>
    public string Verb => serial is null ? "remove" : "apply";

    public string? File => file;

    /// <summary>The arguments by which the program does this change alone.</summary>
    public string[] Words => serial is null ? [Verb, zone] : [Verb, zone, serial];

    /// <summary>The same as a line among those of others. The path comes last, for it may have blanks.</summary>
    public string Line => serial is null ? zone : $"{zone} {serial} {file}";
}
