// The camera: one frame after the other, each as soon as the one before is done.

import { Told } from "./model.js";

const REASONS = {
  NotAllowedError: "The camera may not be used: allow it in the browser's settings of this page.",
  NotFoundError: "There is no camera.",
  NotReadableError: "The camera is in use by another program.",
};

/** Whether a page of this address may ask for the camera. */
export const reachable = Boolean(navigator.mediaDevices?.getUserMedia);

/** The camera of a device, that of its back where it has two. */
export class Camera {
  /**
   * @param {(video: HTMLVideoElement) => Promise<void>} take Is given each frame.
   * @param {(error: Error) => void} failed Is told why it stopped.
   */
  constructor(take, failed) {
    Object.assign(this, { take, failed });
    this.video = document.createElement("video");
    Object.assign(this.video, { muted: true, playsInline: true, className: "spoken", ariaHidden: "true" });
    // Some browsers play only what is part of the page.
    document.body.append(this.video);
  }

  get runs() {
    return Boolean(this.video.srcObject);
  }

  /** Starts, and goes on until `stop`. */
  async start() {
    try {
      const video = { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } };
      this.video.srcObject = await navigator.mediaDevices.getUserMedia({ video });
      await this.video.play();
    } catch (error) {
      this.stop();
      throw new Told(REASONS[error.name] ?? `The camera cannot be used: ${error.message}`);
    }
    this.next();
  }

  stop() {
    for (const track of this.video.srcObject?.getTracks() ?? []) track.stop();
    this.video.srcObject = null;
  }

  async next() {
    if (!this.runs) return;
    try {
      if (this.video.videoWidth) await this.take(this.video);
      requestAnimationFrame(() => this.next());
    } catch (error) {
      this.stop();
      this.failed(error);
    }
  }
}
