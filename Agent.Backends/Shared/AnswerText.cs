namespace Agent.Backends.Shared;

/// <summary>What somebody answered on a control channel, fit for a reason: it may be another program than the one that was meant.</summary>
internal static class AnswerText
{
    private const int CharsMax = 400;

    /// <summary>The printable ASCII of it, short enough for a line.</summary>
    public static string Of(string answer)
    {
        string text = new([.. answer.Take(CharsMax).Select(static one => one is >= ' ' and < '\x7f' ? one : '?')]);
        return answer.Length > CharsMax ? text + "..." : text;
    }
}
