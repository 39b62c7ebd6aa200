namespace Agent.Actors.Kernel;

/// <summary>Turns on the thread pool. The mailbox is its own work item, so scheduling allocates nothing.</summary>
internal sealed class ThreadPoolDispatcher : MessageDispatcher
{
    // preferLocal: what one actor tells another is likely still in this core's cache; idle threads steal it if this one stays busy.
    internal override void Schedule(OneWordMailbox mailbox) => ThreadPool.UnsafeQueueUserWorkItem(mailbox, preferLocal: true);
}
