using System.Text;

namespace Agent.Backends.Exec;

/// <summary>
/// Reads a program's output to its end, whatever its length, and keeps a bounded part: the first lines, each cut off at a bound, and the
/// last line that is not empty.
/// </summary>
internal sealed class BoundedLines(int linesMax)
{
    public const int LineCharsMax = 2000;

    private readonly List<string> _first = [];
    private readonly StringBuilder _line = new();
    private string _last = "";
    private bool _hasMore;

    /// <summary>Ends with the stream, or when the pipe was closed under us because the program was given up.</summary>
    public async Task ReadAsync(StreamReader reader)
    {
        char[] buffer = new char[4096];
        try
        {
            while (await reader.ReadAsync(buffer) is > 0 and int count)
                Take(buffer.AsSpan(0, count));
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // What was read so far stands.
        }

        Take("\n");
    }

    /// <summary>As far as it has been read; the reader may still be at work on what a process left behind writes.</summary>
    public (IReadOnlyList<string> First, bool HasMore, string Last) Said
    {
        get
        {
            lock (_first)
                return ([.. _first], _hasMore, _last);
        }
    }

    private void Take(ReadOnlySpan<char> text)
    {
        lock (_first)
        {
            foreach (char character in text)
            {
                if (character == '\n')
                    EndLine();
                else if (_line.Length < LineCharsMax)
                    _line.Append(char.IsControl(character) ? ' ' : character);
            }
        }
    }

    private void EndLine()
    {
        string line = _line.ToString().Trim();
        _line.Clear();
        if (line.Length == 0)
            return;
        _last = line;
        if (_first.Count < linesMax)
            _first.Add(line);
        else
            _hasMore = true;
    }
}
