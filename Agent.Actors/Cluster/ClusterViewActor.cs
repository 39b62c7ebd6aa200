using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Microsoft.Extensions.Logging;

namespace Agent.Actors.Cluster;

/// <summary>
/// Knows the cluster as its store says: lists all keys, then follows their changes. Whenever the watch ends, and once in a while without a
/// reason, it lists anew, so that a change that got lost costs at most that while.
/// </summary>
/// <remarks>
/// <code>
///             list read                      watch ended, or time to list anew
///   Listing -------------> Following ------------------------------------------> Listing
///      ^  | failed: after a rest
///      +--+
/// </code>
/// The views that subscribers are told never go back: an older list than what is known already is read again.
/// </remarks>
public sealed partial class ClusterViewActor : UntypedActor
{
    private static readonly object ListTimer = new();
    private static readonly TimeSpan Resync = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(500);

    private readonly ClusterViewSettings _settings;
    private readonly List<IActorRef> _subscribers = [];
    private readonly ILogger _logger;
    private ClusterView _view = ClusterView.Empty;
    private long _counter;
    private long _list;
    private long _watch;
    private string? _trouble = "the store has not answered yet";

    private ClusterViewActor(ClusterViewSettings settings)
    {
        _settings = settings;
        _logger = Context.System.LoggerFactory.CreateLogger<ClusterViewActor>();
    }

    /// <summary>The recipe.</summary>
    public static Props Props(ClusterViewSettings settings) => Kernel.Props.Create(static s => new ClusterViewActor(s), settings);

    /// <inheritdoc/>
    protected internal override void PreStart() => List();

    /// <inheritdoc/>
    protected internal override void PostStop()
    {
        if (_watch != 0) _settings.Store.StopWatch(_watch);
    }

    /// <summary>Who listened goes on listening: the same subscribers are told the next view, also the one at whose wish it broke.</summary>
    protected internal override void PreRestart(Exception reason, object? message)
    {
        base.PreRestart(reason, message);
        if (message is SubscribeView lost) Self.Tell(lost, lost.Subscriber);
        foreach (IActorRef subscriber in _subscribers) Self.Tell(new SubscribeView(subscriber), subscriber);
    }

    /// <inheritdoc/>
    protected internal override void OnReceive(object message)
    {
        switch (message)
        {
            case SubscribeView x:
                if (!_subscribers.Contains(x.Subscriber)) _subscribers.Add(x.Subscriber);
                if (_view.Revision > 0) x.Subscriber.Tell(new ViewChanged(_view), Self);
                break;
            case StoreRead read when read.Request == _list: Listed(read); break;
            case StoreFailed failed when failed.Request == _list: ListFailed(failed); break;
            case StoreChanged changed when changed.Watch == _watch: Follow(changed); break;
            case WatchEnded ended when ended.Watch == _watch: Ended(ended); break;
            case object timer when timer == ListTimer: List(); break;
            case GetClusterState: Sender.Tell(new ClusterState(_view, _trouble is null, _trouble), Self); break;
            case StoreRead or StoreFailed or StoreChanged or WatchEnded: break;
            default: Unhandled(message); break;
        }
    }

    private void List()
    {
        if (_watch != 0) _settings.Store.StopWatch(_watch);
        _watch = 0;
        _list = ++_counter;
        _settings.Store.Read(_list, _settings.Keys.Prefix, Context.ReplyTo());
    }

    private void Listed(StoreRead read)
    {
        _list = 0;
        if (read.Revision < _view.Revision)
        {
            // The port promises that this cannot be, so no simulation comes here; believing it would undo what the node knows.
            Trouble($"the store is at revision {read.Revision} and was at {_view.Revision}");
            Again(Rest);
            return;
        }

        Fine();
        Show(ClusterView.Of(_settings.Keys, read));
        _watch = ++_counter;
        _settings.Store.Watch(_watch, _settings.Keys.Prefix, read.Revision + 1, Context.ReplyTo());
        Again(Resync);
    }

    private void ListFailed(StoreFailed failed)
    {
        _list = 0;
        Trouble(failed.Reason.Text);
        Again(Rest);
    }

    private void Follow(StoreChanged changed)
    {
        if (changed.Changes.Length > 0) Show(_view.With(_settings.Keys, changed));
        else _view = _view with { Revision = Math.Max(_view.Revision, changed.Revision) };
    }

    private void Ended(WatchEnded ended)
    {
        CodeProbe.Reached("view.watch-ended");
        _watch = 0;
        Trouble(ended.Reason.Text);
        Again(Rest / 10);
    }

    private void Again(TimeSpan delay) =>
        Timers.StartSingleTimer(ListTimer, ListTimer, delay * (0.75 + (0.5 * Random.NextDouble())));

    private void Show(ClusterView view)
    {
        _view = view;
        foreach (IActorRef subscriber in _subscribers) subscriber.Tell(new ViewChanged(view), Self);
    }

    private void Trouble(string why)
    {
        if (_trouble is null) LogTrouble(_logger, why);
        _trouble = why;
    }

    private void Fine()
    {
        if (_trouble is not null) LogFine(_logger);
        _trouble = null;
    }

    [LoggerMessage(EventId = 510, EventName = "cluster-unheard", Level = LogLevel.Warning,
        Message = "the store of the cluster cannot be heard: {Why}")]
    private static partial void LogTrouble(ILogger logger, string why);

    [LoggerMessage(EventId = 511, EventName = "cluster-heard", Level = LogLevel.Information, Message = "the store of the cluster is heard")]
    private static partial void LogFine(ILogger logger);
}

/// <summary>Settings of the actor that knows the cluster.</summary>
/// <param name="Store">What all nodes agree through.</param>
/// <param name="Keys">The cluster's keys.</param>
public sealed record ClusterViewSettings(IClusterStore Store, ClusterKeys Keys);
