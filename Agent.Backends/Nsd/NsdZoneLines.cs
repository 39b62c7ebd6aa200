using Agent.Backends.Shared;

namespace Agent.Backends.Nsd;

/// <summary>
/// Gives zones to <c>addzones</c> or <c>delzones</c>: what comes while a call is under way makes up the next one. nsd makes one reload of
/// all lines of a call, and answers each of them by itself, so that a bad one costs the others nothing.
/// </summary>
/// <remarks>
/// At most 500 lines go in one call: nsd does nothing else meanwhile, and was seen to hang on calls of thousands.
/// <para>Zones whose files came to the disk together come here one after the other within a moment: while there is a crowd, a call waits
/// so long, or else the first of them would have a reload of its own.</para>
/// <para>Safe for any number of callers. A caller that stops waiting leaves its line where it is.</para>
/// </remarks>
internal sealed class NsdZoneLines(string command, NsdChannel channel, TimeProvider time, Func<bool> isCrowded)
{
    private const int LinesMax = 500;
    private const string EndOfLines = "\u0004\n";

    private const string BadEnd = "error for input line '";

    private static readonly string[] GoodEnds = ["added: ", "removed: "];
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan CallPatience = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly Queue<Entry> _waiting = new();
    private bool _isWorking;

    /// <summary>Has the line carried out with others.</summary>
    /// <exception cref="BackendException">The call broke before nsd answered this line.</exception>
    public Task<NsdReply> SubmitAsync(string line, CancellationToken cancellation)
    {
        Entry entry = new(line);
        lock (_gate)
        {
            _waiting.Enqueue(entry);
            if (!_isWorking)
            {
                _isWorking = true;
                _ = Task.Run(WorkOffAsync, CancellationToken.None);
            }
        }

        return entry.Answer.Task.WaitAsync(cancellation);
    }

    private async Task WorkOffAsync()
    {
        List<Entry> call = [];
        while (true)
        {
            call.Clear();
            if (isCrowded())
                await Task.Delay(Moment, time);
            lock (_gate)
            {
                while (call.Count < LinesMax && _waiting.TryDequeue(out Entry? next))
                    call.Add(next);
                if (call.Count == 0)
                {
                    _isWorking = false;
                    return;
                }
            }

            await CallAsync(call);
        }
    }

    private async Task CallAsync(List<Entry> call)
    {
        int answered = 0;
        List<string> lines = [];
        Exception failure = BackendException.Away($"nsd did not answer every line of {command}");
        try
        {
            using CancellationTokenSource late = new(CallPatience, time);
            string request = $"{command}\n{string.Concat(call.Select(static entry => entry.Line + "\n"))}{EndOfLines}";
            await channel.CallAsync(request, Take, late.Token);
        }
        catch (OperationCanceledException)
        {
            failure = BackendException.Away($"nsd did not answer {command} within {CallPatience.TotalSeconds:0} s");
        }
        catch (Exception error)
        {
            failure = error;
        }

        for (; answered < call.Count; answered++)
            call[answered].Answer.TrySetException(failure);

        // The answers come in the order of the lines. The last line of each names the zone and says whether it was carried out; the count
        // at the end is of no interest.
        void Take(string line)
        {
            string? good = GoodEnds.FirstOrDefault(end => line.StartsWith(end, StringComparison.Ordinal));
            bool isBad = line.StartsWith(BadEnd, StringComparison.Ordinal);
            if (good is null && !isBad)
            {
                if (lines.Count < NsdReply.LinesMax)
                    lines.Add(line);
                return;
            }

            string zone = line[(good ?? BadEnd).Length..].TrimEnd('\'').Split(' ')[0];
            if (answered == call.Count || call[answered].Zone != zone)
                throw BackendException.Away($"nsd answers {command} for {zone}, which comes out of turn");
            call[answered++].Answer.TrySetResult(new NsdReply([.. lines], isDone: good is not null));
            lines.Clear();
        }
    }

    private sealed record Entry(string Line)
    {
        public string Zone { get; } = Line.Split(' ')[0];

        public TaskCompletionSource<NsdReply> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
