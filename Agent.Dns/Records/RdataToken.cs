namespace Agent.Dns.Records;

/// <summary>One word of a master file, by its place in the text, escapes still in it.</summary>
/// <param name="Start">First byte; of a quoted word the one behind the quote.</param>
/// <param name="Length">Bytes, without the enclosing quotes.</param>
/// <param name="Quoted">The whole word stood in quotes. Quotes that open inside a word (<c>alpn="h2"</c>) stay part of it.</param>
public readonly record struct RdataToken(int Start, int Length, bool Quoted);
