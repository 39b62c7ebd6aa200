using System.Collections.Immutable;
using Agent.Actors.Kernel;
using Agent.Dns.Wire;
using Microsoft.Extensions.Logging;

namespace Agent.Actors.Transfers;

/// <summary>
/// Tells others that a zone has changed (RFC 1996): once for each zone and receiver, again after a while until it is answered, and not for
/// ever. A newer change takes the place of one that is still being told.
/// </summary>
/// <remarks>
/// Each receiver has its own line with a bound on what is under way, so that one that is dead holds up nobody else's news.
/// <code>
///   change --> waiting for its turn --sent--> under way --answered--> done
///                     ^                          | no answer
///                     +--- after the interval ---+--- after the last try --> given up
/// </code>
/// What is not told yet is lost with the process: receivers ask by themselves when their refresh time is over.
/// </remarks>
public sealed partial class NotifyOutActor : UntypedActor
{
    private readonly NotifyOutSettings _settings;
    private readonly ILogger _logger;
    private readonly ImmutableArray<Line> _lines;
    private readonly Dictionary<long, News> _underWay = [];
    private long _counter;

    private NotifyOutActor(NotifyOutSettings settings)
    {
        _settings = settings;
        _logger = Context.System.LoggerFactory.CreateLogger<NotifyOutActor>();
        _lines = [.. settings.Receivers.Select(receiver => new Line(receiver))];
    }

    /// <summary>The recipe.</summary>
    public static Props Props(NotifyOutSettings settings) => Kernel.Props.Create(static s => new NotifyOutActor(s), settings);

    /// <inheritdoc/>
    protected internal override void OnReceive(object message)
    {
        switch (message)
        {
            case AnnounceZone announced:
                foreach (Line line in _lines) Announce(line, announced);
                break;
            case NotifyAnswered answered when _underWay.Remove(answered.Id, out News? news):
                Answered(news, answered);
                break;
            case NotifyAnswered:
                break;
            case News due:
                due.Line.Turns.Enqueue(due);
                Pump(due.Line);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Announce(Line line, AnnounceZone announced)
    {
        DomainName zone = announced.Zone.Fold();
        if (line.All.TryGetValue(zone, out News? known))
        {
            known.Serial = announced.Serial;
            known.Tries = 0;
            known.IsStale = known.IsUnderWay;
            if (!Timers.IsTimerActive(known)) return;
            Timers.Cancel(known);
            line.Turns.Enqueue(known);
        }
        else if (line.All.Count >= _settings.MaxWaiting)
        {
            LogShed(zone, line.Receiver.EndPoint.ToString());
            return;
        }
        else
        {
            var news = new News(line, zone) { Serial = announced.Serial };
            line.All.Add(zone, news);
            line.Turns.Enqueue(news);
        }

        Pump(line);
    }

    private void Pump(Line line)
    {
        while (line.UnderWay < _settings.UnderWayPerReceiver && line.Turns.TryDequeue(out News? news))
        {
            long id = ++_counter;
            line.UnderWay++;
            news.IsUnderWay = true;
            news.IsStale = false;
            news.Tries++;
            news.SentAt = Clock.Monotonic;
            _underWay.Add(id, news);
            _settings.Sender.Notify(new SendNotify(id, news.Zone, line.Receiver, _settings.AnswerTimeout), Context.ReplyTo());
        }
    }

    private void Answered(News news, NotifyAnswered answered)
    {
        Line line = news.Line;
        line.UnderWay--;
        news.IsUnderWay = false;
        string receiver = line.Receiver.EndPoint.ToString();
        if (answered.IsAnswered && answered.Problem is { } problem) LogRefused(news.Zone, news.Serial, receiver, problem);
        if (news.IsStale)
        {
            // The answer is to an older change.
            news.Tries = 0;
            line.Turns.Enqueue(news);
        }
        else if (answered.IsAnswered)
        {
            line.All.Remove(news.Zone);
        }
        else if (news.Tries < _settings.Tries)
        {
            // The wait for the answer is part of the interval, which may be over with it.
            TimeSpan rest = _settings.Interval - (Clock.Monotonic - news.SentAt);
            if (rest > TimeSpan.Zero) Timers.StartSingleTimer(news, news, rest);
            else line.Turns.Enqueue(news);
        }
        else
        {
            line.All.Remove(news.Zone);
            LogGivenUp(news.Zone, news.Serial, receiver, news.Tries, answered.Problem ?? "");
        }

        Pump(line);
    }

    [LoggerMessage(
        EventId = 320,
        EventName = "notify-refused",
        Level = LogLevel.Warning,
        Message = "{Zone} serial {Serial}: {Receiver} answered the NOTIFY with {Problem}")]
    private partial void LogRefused(DomainName zone, uint serial, string receiver, string problem);

    [LoggerMessage(
        EventId = 321,
        EventName = "notify-unanswered",
        Level = LogLevel.Warning,
        Message = "{Zone} serial {Serial}: {Receiver} has answered none of {Tries} NOTIFYs: {Problem}")]
    private partial void LogGivenUp(DomainName zone, uint serial, string receiver, int tries, string problem);

    [LoggerMessage(
        EventId = 322,
        EventName = "notify-left-out",
        Level = LogLevel.Warning,
        Message = "{Zone}: more NOTIFYs wait for {Receiver} than may, this one is left out")]
    private partial void LogShed(DomainName zone, string receiver);

    /// <summary>What one receiver is still to be told.</summary>
    private sealed class Line(NotifyReceiver receiver)
    {
        public NotifyReceiver Receiver { get; } = receiver;

        public Dictionary<DomainName, News> All { get; } = [];

        public Queue<News> Turns { get; } = new();

        public int UnderWay { get; set; }
    }

    /// <summary>A change of one zone for one receiver: waits for its turn, is under way, or rests until it is sent again.</summary>
    private sealed class News(Line line, DomainName zone)
    {
        public Line Line { get; } = line;

        public DomainName Zone { get; } = zone;

        public uint Serial { get; set; }

        public int Tries { get; set; }

        /// <summary>By the clock that never goes back.</summary>
        public TimeSpan SentAt { get; set; }

        public bool IsUnderWay { get; set; }

        /// <summary>The zone changed again while this was under way.</summary>
        public bool IsStale { get; set; }
    }
}

/// <summary>A zone has changed and is served here: tell those who are to know.</summary>
public sealed record AnnounceZone(DomainName Zone, uint Serial);

/// <summary>Who is told, and how often.</summary>
/// <param name="Sender">Port to them.</param>
/// <param name="Receivers">Who.</param>
/// <param name="Interval">Between two sendings of one NOTIFY, but never less than its answer is waited for.</param>
/// <param name="Tries">Sendings of one NOTIFY until it is given up.</param>
public sealed record NotifyOutSettings(INotifySender Sender, ImmutableArray<NotifyReceiver> Receivers, TimeSpan Interval, int Tries)
{
    /// <summary>How long an answer may take.</summary>
    public TimeSpan AnswerTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>NOTIFYs to one receiver under way at a time.</summary>
    public int UnderWayPerReceiver { get; init; } = 32;

    /// <summary>Zones that one receiver is still to be told of; one more is left out.</summary>
    public int MaxWaiting { get; init; } = 1_000_000;
}
