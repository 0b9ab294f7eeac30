/** A module of ours around the one class: where BullMQ is bundled as CommonJS, `import()` of it gives no names. */
export { Queue } from 'bullmq'
