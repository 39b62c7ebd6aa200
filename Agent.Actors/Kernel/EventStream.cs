using System.Collections.Immutable;

namespace Agent.Actors.Kernel;

/// <summary>Publish and subscribe within one system, by the type of the event. Meant for rare events: each publication looks at all
/// subscriptions.</summary>
/// <remarks>Any thread. A subscription ends with its actor.</remarks>
public sealed class EventStream
{
    private ImmutableArray<(IActorRef Subscriber, Type Type)> _subscriptions = [];

    internal EventStream()
    {
    }

    /// <summary>Sends the subscriber all events that are a <paramref name="type"/>; subscribing twice is subscribing once.</summary>
    public void Subscribe(IActorRef subscriber, Type type)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        ArgumentNullException.ThrowIfNull(type);
        ImmutableInterlocked.Update(
            ref _subscriptions,
            static (all, entry) => all.Contains(entry) ? all : all.Add(entry),
            (subscriber, type));
    }

    /// <summary>Ends the subscription to one type.</summary>
    public void Unsubscribe(IActorRef subscriber, Type type) =>
        ImmutableInterlocked.Update(ref _subscriptions, static (all, entry) => all.Remove(entry), (subscriber, type));

    /// <summary>Ends all subscriptions of the actor.</summary>
    public void Unsubscribe(IActorRef subscriber)
    {
        // Every actor passes here when it ends, and nearly none has subscribed.
        if (!HasSubscribed(subscriber)) return;
        ImmutableInterlocked.Update(ref _subscriptions, static (all, gone) => all.RemoveAll(entry => entry.Subscriber == gone), subscriber);
    }

    /// <summary>Tells the event to all subscribers of its type; each hears it once, however many of its subscriptions match.</summary>
    public void Publish(object message)
    {
        ArgumentNullException.ThrowIfNull(message);
        ImmutableArray<(IActorRef Subscriber, Type Type)> subscriptions = _subscriptions;
        for (int i = 0; i < subscriptions.Length; i++)
        {
            if (subscriptions[i].Type.IsInstanceOfType(message) && !IsToldBefore(subscriptions, i, message))
                subscriptions[i].Subscriber.Tell(message);
        }
    }

    private bool HasSubscribed(IActorRef subscriber)
    {
        foreach ((IActorRef known, Type _) in _subscriptions)
        {
            if (known == subscriber) return true;
        }
        return false;
    }

    private static bool IsToldBefore(ImmutableArray<(IActorRef Subscriber, Type Type)> subscriptions, int index, object message)
    {
        for (int i = 0; i < index; i++)
        {
            if (subscriptions[i].Subscriber == subscriptions[index].Subscriber && subscriptions[i].Type.IsInstanceOfType(message))
                return true;
        }
        return false;
    }
}
