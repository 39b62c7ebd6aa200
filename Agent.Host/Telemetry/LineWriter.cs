using System.Text;

namespace Agent.Host.Telemetry;

/// <summary>
/// Writes lines a few milliseconds after they came, together with those that came meanwhile: under load a thousand lines a second cost a
/// hundred calls to the kernel, and who logs does not wait for the reader of the log. What must not be lost with the process is written
/// before the call returns, with all that came before it.
/// </summary>
internal sealed class LineWriter : IDisposable
{
    /// <summary>How long a line waits for company.</summary>
    public static readonly TimeSpan Company = TimeSpan.FromMilliseconds(5);

    /// <summary>Characters that may wait; whoever brings more writes them, and waits for the reader of the log.</summary>
    private const int WaitingMax = 1 << 20;

    private readonly TextWriter _output;
    private readonly Lock _writing = new();
    private readonly object _gate = new();
    private readonly Thread _thread;
    private StringBuilder _waiting = new();
    private StringBuilder _spare = new();
    private bool _isClosed;

    /// <summary>Writes to this; failures of it are dropped with the lines.</summary>
    public LineWriter(TextWriter output)
    {
        _output = output;
        _thread = new Thread(Run) { IsBackground = true, Name = "log" };
        _thread.Start();
    }

    /// <summary>Takes one line.</summary>
    /// <param name="isUrgent">Written when the call returns.</param>
    public void Write(string line, bool isUrgent)
    {
        bool isFull;
        lock (_gate)
        {
            _waiting.Append(line).Append(Environment.NewLine);
            isFull = _waiting.Length > WaitingMax;
            isUrgent |= _isClosed;
            if (!isUrgent) Monitor.Pulse(_gate);
        }

        if (isUrgent || isFull) Flush();
    }

    /// <summary>Writes what waits.</summary>
    public void Flush()
    {
        // One at a time, so that lines keep their order.
        lock (_writing)
        {
            StringBuilder lines;
            lock (_gate)
            {
                lines = _waiting;
                (_waiting, _spare) = (_spare, _waiting);
            }

            if (lines.Length == 0) return;
            try
            {
                _output.Write(lines.ToString());
                _output.Flush();
            }
            catch (IOException)
            {
                // Nobody reads the log any more; the service goes on.
            }

            lines.Clear();
            if (lines.Capacity > WaitingMax / 8) lines.Capacity = 0;
        }
    }

    /// <summary>Writes what waits. Lines that come later are written at once.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isClosed) return;
            _isClosed = true;
            Monitor.Pulse(_gate);
        }

        _thread.Join();
        Flush();
    }

    private void Run()
    {
        while (true)
        {
            lock (_gate)
            {
                while (_waiting.Length == 0 && !_isClosed) Monitor.Wait(_gate);
                if (_isClosed) return;
            }

            Thread.Sleep(Company);
            Flush();
        }
    }
}
