using System.Text;

namespace Agent.Host.Telemetry;

/// <summary>
/// Writes lines on a thread of its own, a few milliseconds after they came, together with those that came meanwhile: under load a thousand
/// lines a second cost a hundred calls to the kernel.
/// </summary>
/// <remarks>
/// Who logs never waits for the reader of the log. While the reader does not read, lines wait up to a bound; beyond it they are dropped and
/// counted, and the first line behind the gap says how many. Only who ends the process waits, for a bounded time.
/// </remarks>
internal sealed class LineWriter : IDisposable
{
    /// <summary>How long a line waits for company.</summary>
    public static readonly TimeSpan Company = TimeSpan.FromMilliseconds(5);

    /// <summary>How long the end of the process waits for the reader.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Characters that may wait.</summary>
    internal const int WaitingMax = 1 << 20;

    /// <summary>What may wait beyond that of lines that tell why: a flood of others does not keep them out.</summary>
    internal const int WaitingMaxUrgent = WaitingMax + (WaitingMax / 4);

    private readonly TextWriter _output;
    private readonly Func<long, string> _gap;
    private readonly TimeSpan _patience;
    private readonly object _gate = new();
    private Thread? _thread;
    private StringBuilder _waiting = new();
    private StringBuilder _spare = new();
    private long _taken;
    private long _ended;
    private long _lost;
    private bool _isUrgent;
    private bool _isClosed;
    private bool _isGivenUp;

    /// <summary>Writes to this; failures of it are dropped with the lines.</summary>
    /// <param name="output">Where lines go.</param>
    /// <param name="gap">The line that tells of so many lost ones.</param>
    /// <param name="patience">How long <see cref="Flush"/> and the end wait for the reader.</param>
    public LineWriter(TextWriter output, Func<long, string> gap, TimeSpan? patience = null)
    {
        _output = output;
        _gap = gap;
        _patience = patience ?? Patience;
        lock (_gate) Start();
    }

    /// <summary>Takes one line, or drops it when too many wait.</summary>
    /// <param name="isUrgent">Written without waiting for company.</param>
    public void Write(string line, bool isUrgent)
    {
        bool waits;
        lock (_gate)
        {
            if (_waiting.Length >= (isUrgent ? WaitingMaxUrgent : WaitingMax))
            {
                Lose(1);
                return;
            }

            bool isFirst = _waiting.Length == 0;
            _waiting.Append(line).Append(Environment.NewLine);
            _taken++;
            _isUrgent |= isUrgent;
            waits = _isClosed && !_isGivenUp;
            if (waits && _thread is null) Start();
            else if (isFirst || isUrgent) Monitor.PulseAll(_gate);
        }

        if (waits) Flush();
    }

    /// <summary>Waits until all that came before is written, but not longer than the reader may take.</summary>
    public void Flush()
    {
        long until = Environment.TickCount64 + (long)_patience.TotalMilliseconds;
        lock (_gate)
        {
            long all = _taken;
            _isUrgent |= _ended < all;
            Monitor.PulseAll(_gate);
            while (_ended < all)
            {
                long left = until - Environment.TickCount64;
                if (left > 0 && Monitor.Wait(_gate, (int)left)) continue;

                // At the end the reader is waited for once, not for each of the last lines.
                _isGivenUp = _isClosed;
                return;
            }
        }
    }

    /// <summary>Writes what waits, as far as the reader takes it in time. Lines that come later are written at once.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isClosed) return;
            _isClosed = true;
        }

        Flush();
    }

    private void Start()
    {
        // In the background: a reader that never reads must not keep the process.
        _thread = new Thread(Run) { IsBackground = true, Name = "log" };
        _thread.Start();
    }

    private void Run()
    {
        while (Take(out StringBuilder lines, out long last))
        {
            bool isWritten = TryWrite(lines.ToString());
            lines.Clear();
            if (lines.Capacity > WaitingMax / 8) lines.Capacity = 0;
            lock (_gate)
            {
                if (!isWritten) Lose(last - _ended);
                _ended = last;
                _spare = lines;
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Waits for lines and company. False when none come any more.</summary>
    private bool Take(out StringBuilder lines, out long last)
    {
        lock (_gate)
        {
            while (_waiting.Length == 0 && !_isClosed) Monitor.Wait(_gate);
            lines = _waiting;
            last = _taken;
            if (lines.Length == 0)
            {
                _thread = null;
                return false;
            }

            if (!_isUrgent && !_isClosed) Monitor.Wait(_gate, Company);
            _isUrgent = false;
            last = _taken;
            _waiting = _spare;
            if (_lost > 0) lines.Append(_gap(_lost)).Append(Environment.NewLine);
            _lost = 0;
            return true;
        }
    }

    private bool TryWrite(string lines)
    {
        try
        {
            _output.Write(lines);
            _output.Flush();
            return true;
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            // Nobody reads the log any more; the service goes on.
            return false;
        }
    }

    private void Lose(long lines)
    {
        _lost += lines;
        RuntimeMetrics.LogLinesDropped.Add(lines);
    }
}
